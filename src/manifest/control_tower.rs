//! Customizations for AWS Control Tower: `manifest.yaml`, in its versions 2020-01-01 and 2021-03-15.

use camino::Utf8Path;

use crate::resource::Mode;
use crate::types::Type;
use crate::value::{Reason, Value};

use super::reader::Reader;
use super::resources::{Entry, ORGANIZATION, POLICY, Resources};
use super::units::{ORGANIZATION_ADDRESS, Units};
use super::value::{elements, field, key, string};
use super::variables::Variables;

/// The forms of an entry that deploys a policy.
struct Form {
    list: &'static str,
    file: &'static str,
    /// The fields that lead to its targets.
    targets: &'static [&'static str],
}

const FORMS: [(&str, Form); 2] = [
    ("2020-01-01", Form { list: "organization_policies", file: "policy_file", targets: &["apply_to_accounts_in_ou"] }),
    (
        "2021-03-15",
        Form { list: "resources", file: "resource_file", targets: &["deployment_targets", "organizational_units"] },
    ),
];

pub(super) fn read(reader: &Reader<'_>, path: &Utf8Path, text: &str, project: &str) -> Option<Resources> {
    let variables = Variables { angle: true, ..Variables::default() };
    let manifest = reader.parse(path, text, &variables)?;
    let version = string(&manifest, "version")?;
    let (_, form) = FORMS.iter().find(|(known, _)| *known == version)?;
    let folder = path.parent().unwrap_or(Utf8Path::new(""));
    let header = key(&manifest, form.list)?;
    let mut resources = Resources::new(project.into());
    let region = field(&manifest, "region");
    resources.region = region.as_str().is_some().then_some(region);
    // Control Tower made the organization: the manifest only says what is attached where.
    let mut organization = Entry::new(ORGANIZATION, ORGANIZATION_ADDRESS, header, manifest.origin.written()?);
    organization.mode = Mode::Data;
    organization.set("FeatureSet", Value::text("ALL"));
    resources.add(organization);
    let mut units = Units::default();
    let mut any = false;
    for entry in elements(&field(&manifest, form.list)) {
        let method = string(&entry, "deploy_method").map(|method| method.to_ascii_lowercase());
        let kind = match (form.list, method.as_deref()) {
            ("organization_policies", _) | (_, Some("scp")) => "SERVICE_CONTROL_POLICY",
            (_, Some("rcp")) => "RESOURCE_CONTROL_POLICY",
            _ => continue,
        };
        any = true;
        let name = field(&entry, "name");
        let span = name.origin.primary().or(entry.origin.primary()).unwrap_or(header);
        let shown = name.as_str().map_or_else(|| "?".to_owned(), |name| name.into_owned());
        let named = form.targets.iter().fold(entry.clone(), |value, part| field(&value, part));
        let targets = elements(&named).into_iter().map(|target| unit(&target, &mut units, &resources));
        let mut policy = Entry::new(POLICY, format!("policy/{shown}"), span, entry.origin.written().unwrap_or(span));
        policy.set("TargetIds", Value::tuple(targets.collect()));
        policy.set("Name", name);
        policy.set("Type", Value::text(kind));
        policy.set("Content", reader.policy(&field(&entry, form.file), folder, &Variables::default()));
        resources.add(policy);
    }
    units.add_to(&mut resources);
    any.then_some(resources)
}

/// The root or unit that a value names: `Root`, `Workloads` or `Workloads:Prod`.
fn unit(value: &Value, units: &mut Units, resources: &Resources) -> Value {
    let (Some(name), Some(span)) = (value.as_str(), value.origin.primary()) else { return value.clone() };
    if name == "Root" {
        return resources.root(ORGANIZATION_ADDRESS, span);
    }
    let parts: Vec<&str> = name.split(':').map(str::trim).filter(|part| !part.is_empty()).collect();
    if parts.is_empty() {
        let reason = Reason::new(&*name, "names no organizational unit", Some(span));
        return Value::unknown(Type::Text, reason).at(span);
    }
    let path = parts.join("/");
    units.mention(&path, span);
    Units::reference(&path, resources, span)
}
