//! org-formation: the `Organization` section of a template with resources of the types `OC::ORG::*`
//! (org-formation-cli, docs/organization-resources.md).

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use crate::files::{Files, MAX_FILE_BYTES, normalize};
use crate::source::Span;
use crate::types::Type;
use crate::value::{Fields, Kind, Reason, Unknown, Value, Via};

use super::reader::Reader;
use super::resources::{ACCOUNT, ATTACHMENT, Entry, ORGANIZATION, POLICY, Resources, UNIT};
use super::tasks;
use super::value::{elements, field, key, string};
use super::variables::Variables;

/// How many resources `*` may name in all: far more than any organization has, and no more than memory holds.
const MAX_NAMED: usize = 300_000;

/// Whether a template has an organization of its own. One that includes that of another template has none; one that
/// includes the bare section has.
pub(super) fn is_organization(files: &dyn Files, path: &Utf8Path, text: &str) -> bool {
    let Some(included) = section(text) else { return false };
    if included.is_empty() {
        return text.contains("OC::ORG::");
    }
    let other = normalize(&path.parent().unwrap_or(Utf8Path::new("")).join(included));
    let other = other.and_then(|other| files.read(&other, MAX_FILE_BYTES).ok());
    other.is_some_and(|bytes| {
        let other = String::from_utf8_lossy(&bytes);
        other.contains("OC::ORG::") && section(&other).is_none()
    })
}

/// The file that a template includes as its organization; empty if it writes one out.
fn section(text: &str) -> Option<&str> {
    let mut lines = text.lines().map(|line| line.trim_start_matches('\u{feff}'));
    let rest = lines.find_map(|line| line.strip_prefix("Organization:"))?;
    let included = rest.split_once("!Include").map_or("", |(_, file)| file);
    Some(included.split('#').next().unwrap_or_default().trim().trim_matches(['"', '\'']))
}

pub(super) fn read(reader: &Reader<'_>, path: &Utf8Path, text: &str, project: &str) -> Option<Resources> {
    let root = reader.parse(path, text, &Variables::default())?;
    let section = field(&root, "Organization");
    let fields = section.fields()?;
    if let Some(at) = key(&root, "Resources") {
        reader.note("not-analysed", "the resources beside the organization are not analysed", at);
    }
    let mut parts: Vec<Part> = Vec::new();
    for (name, logical) in fields.fields() {
        let Some(kind) = string(&logical.value, "Type") else { continue };
        let span = logical.key_span.or(logical.value.origin.primary()).unwrap_or_else(|| reader.start_of(path));
        parts.push(Part {
            name: Arc::clone(name),
            kind,
            header: span,
            span: logical.value.origin.span.map_or(span, |value| span.to(value)),
            properties: field(&logical.value, "Properties"),
        });
    }
    parts.sort_by_key(|part| part.header.start);
    let header = key(&root, "Organization").unwrap_or_else(|| reader.start_of(path));
    Some(Organization::new(reader, &root, parts, project, header).resources(path))
}

/// A logical resource of the section.
struct Part {
    name: Arc<str>,
    kind: String,
    header: Span,
    span: Span,
    properties: Value,
}

impl Part {
    fn is(&self, kind: &str) -> bool {
        self.kind.strip_prefix("OC::ORG::") == Some(kind)
    }
}

/// The unit that each unit and account is in.
#[derive(Default)]
struct Parents<'s> {
    /// By the name of what is in it, and where that is written.
    known: HashMap<&'s str, (&'s Part, Span)>,
    /// Why further units or accounts may be in one, by what they are.
    lost: HashMap<&'static str, Arc<Unknown>>,
}

struct Organization<'r> {
    reader: &'r Reader<'r>,
    root: &'r Value,
    parts: Vec<Part>,
    /// The address of the organization itself.
    address: Arc<str>,
    header: Span,
    resources: Resources,
}

impl<'r> Organization<'r> {
    fn new(reader: &'r Reader<'r>, root: &'r Value, parts: Vec<Part>, project: &str, header: Span) -> Self {
        let find = |kind: &str| parts.iter().find(|part| part.is(kind));
        let own = find("OrganizationRoot").or_else(|| find("MasterAccount"));
        let (address, header) =
            own.map_or(("Organization".into(), header), |part| (Arc::clone(&part.name), part.header));
        Self { reader, root, address, header, parts, resources: Resources::new(project.into()) }
    }

    fn resources(mut self, path: &Utf8Path) -> Resources {
        let parts = std::mem::take(&mut self.parts);
        let master = parts.iter().find(|part| part.is("MasterAccount"));
        let mut entry = Entry::new(ORGANIZATION, Arc::clone(&self.address), self.header, self.header);
        entry.set("FeatureSet", Value::text("ALL"));
        if let Some(master) = master {
            entry.set("ManagementAccountId", field(&master.properties, "AccountId"));
        }
        self.resources.add(entry);
        let names: HashMap<&str, &Part> = parts.iter().map(|part| (&*part.name, part)).collect();
        let section = Section { organization: &self, names, parts: &parts, left: Cell::new(MAX_NAMED) };
        let parents = section.parents();
        let attached = section.attached();
        let mut entries = Vec::new();
        for part in &parts {
            entries.extend(section.entry(part, &parents, &attached));
        }
        for (target, unknown) in section.unknown_policies() {
            let mut entry =
                Entry::new(ATTACHMENT, format!("{}.ServiceControlPolicies", target.name), target.header, target.span);
            entry.set("policy_id", unknown);
            entry.set("target_id", section.reference(target, target.header));
            entries.push(entry);
        }
        entries.extend(tasks::policies(self.reader, path, &section));
        drop(section);
        for entry in entries {
            self.resources.add(entry);
        }
        self.resources
    }
}

/// The section with its resources by name.
pub(super) struct Section<'s, 'r> {
    organization: &'s Organization<'r>,
    names: HashMap<&'s str, &'s Part>,
    parts: &'s [Part],
    /// How many resources `*` may still name.
    left: Cell<usize>,
}

impl<'s> Section<'s, '_> {
    /// What names a part, mentioned at `span`.
    fn reference(&self, part: &Part, span: Span) -> Value {
        let organization = &self.organization.address;
        let resources = &self.organization.resources;
        let (kind, address, attribute) = match part.kind.as_str() {
            "OC::ORG::OrganizationRoot" => (ORGANIZATION, organization, "RootId"),
            "OC::ORG::MasterAccount" => (ORGANIZATION, organization, "ManagementAccountId"),
            "OC::ORG::OrganizationalUnit" => (UNIT, &part.name, "Ref"),
            "OC::ORG::Account" => (ACCOUNT, &part.name, "Ref"),
            _ => (POLICY, &part.name, "Ref"),
        };
        resources.reference(kind, address, attribute, span)
    }

    /// The parts that a property names: `!Ref`, a list of them, or `*` for all of the kind. The second part is what is
    /// not known of it.
    fn named(&self, part: &Part, property: &str, kind: &str) -> (Vec<(&'s Part, Span)>, Vec<Value>) {
        let value = field(&part.properties, property);
        let at = |value: &Value| value.origin.primary().unwrap_or(part.header);
        if value.as_str().as_deref() == Some("*") {
            let all: Vec<_> = self.parts.iter().filter(|part| part.is(kind)).map(|part| (part, at(&value))).collect();
            let Some(left) = self.left.get().checked_sub(all.len()) else {
                let reason = Reason::new(property, "names more than rootlint goes through", Some(at(&value)));
                return (Vec::new(), vec![Value::unknown(Type::Text, reason).at(at(&value))]);
            };
            self.left.set(left);
            return (all, Vec::new());
        }
        let (mut found, mut unknown) = (Vec::new(), Vec::new());
        for element in elements(&value) {
            let span = at(&element);
            if element.as_unknown().is_some() {
                unknown.push(element);
                continue;
            }
            let Some(name) = string(&element, "Ref") else {
                // The id of something that is not in the section.
                let shown = element.as_str().map_or_else(|| format!("an entry of {property}"), |id| id.into_owned());
                if !shown.starts_with("p-") {
                    let message = format!("`{property}` takes references (!Ref) to resources of this section");
                    self.organization.reader.error("manifest-invalid", message, span);
                    unknown
                        .push(Value::unknown(Type::Text, Reason::new(shown, "is no reference", Some(span))).at(span));
                } else {
                    unknown.push(element);
                }
                continue;
            };
            match self.names.get(&*self.through_parameter(&name)) {
                Some(part) => found.push((*part, span)),
                None => {
                    let message = format!("there is no resource `{name}` in the organization");
                    self.organization.reader.error("manifest-invalid", message, span);
                    let reason = Reason::new(&*name, "is not in the organization", Some(span));
                    unknown.push(Value::unknown(Type::Text, reason).at(span));
                }
            }
        }
        (found, unknown)
    }

    /// The resource that a parameter's default names, if the name is a parameter's.
    fn through_parameter(&self, name: &str) -> String {
        let parameter = field(&field(self.organization.root, "Parameters"), name);
        string(&field(&parameter, "Default"), "Ref").unwrap_or_else(|| name.to_owned())
    }

    /// The unit that each unit and account is in.
    fn parents(&self) -> Parents<'s> {
        let mut parents = Parents::default();
        for unit in self.parts.iter().filter(|part| part.is("OrganizationalUnit")) {
            for (property, kind) in [("Accounts", "Account"), ("OrganizationalUnits", "OrganizationalUnit")] {
                let (found, unknown) = self.named(unit, property, kind);
                for (child, span) in found {
                    match parents.known.get(&*child.name) {
                        None => {
                            parents.known.insert(&child.name, (unit, span));
                        }
                        Some((other, _)) => {
                            let message = format!("`{}` is in `{}`, too", child.name, other.name);
                            self.organization.reader.error("manifest-invalid", message, span);
                        }
                    }
                }
                if let Some(unknown) = unknown.iter().find_map(Value::as_unknown) {
                    parents.lost.entry(kind).or_insert(unknown);
                }
            }
        }
        parents
    }

    /// What each policy is attached to, by the policy's name.
    fn attached(&self) -> HashMap<&'s str, Vec<Value>> {
        let mut attached: HashMap<&str, Vec<Value>> = HashMap::new();
        for part in self.parts {
            for (policy, span) in self.named(part, "ServiceControlPolicies", "ServiceControlPolicy").0 {
                attached.entry(&policy.name).or_default().push(self.reference(part, span));
            }
        }
        attached
    }

    /// Policies at a part that are none of this section.
    fn unknown_policies(&self) -> Vec<(&'s Part, Value)> {
        let mut all = Vec::new();
        for part in self.parts {
            let unknown = self.named(part, "ServiceControlPolicies", "ServiceControlPolicy").1;
            all.extend(unknown.into_iter().map(|policy| (part, policy)));
        }
        all
    }

    fn entry(&self, part: &Part, parents: &Parents<'_>, attached: &HashMap<&str, Vec<Value>>) -> Option<Entry> {
        let get = |name: &str| self.resolve(&field(&part.properties, name), &Scope::default());
        let kind = part.kind.strip_prefix("OC::ORG::")?;
        let parent = || match (parents.known.get(&*part.name), parents.lost.get(kind)) {
            (Some((unit, span)), _) => self.reference(unit, *span),
            (None, Some(unknown)) => Value::unknown_from(unknown, Type::Text),
            (None, None) => {
                let resources = &self.organization.resources;
                resources.root(&self.organization.address, part.header)
            }
        };
        let new = |kind| Entry::new(kind, Arc::clone(&part.name), part.header, part.span);
        Some(match kind {
            "OrganizationalUnit" => {
                let mut entry = new(UNIT);
                entry.set("Name", get("OrganizationalUnitName"));
                entry.set("ParentId", parent());
                entry
            }
            "Account" => {
                let mut entry = new(ACCOUNT);
                entry.set("AccountName", get("AccountName"));
                entry.set("Email", get("RootEmail"));
                entry.set("AccountId", get("AccountId"));
                entry.set("ParentIds", Value::tuple(vec![parent()]));
                entry
            }
            "ServiceControlPolicy" => {
                let mut entry = new(POLICY);
                entry.set("Name", get("PolicyName"));
                entry.set("Type", Value::text("SERVICE_CONTROL_POLICY"));
                entry.set("Content", get("PolicyDocument"));
                let targets = attached.get(&*part.name).cloned().unwrap_or_default();
                entry.set("TargetIds", Value::tuple(targets));
                entry
            }
            _ => return None,
        })
    }

    /// The value with what functions give, as far as it is known.
    pub(super) fn resolve(&self, value: &Value, scope: &Scope) -> Value {
        let deep = |value: &Value| self.resolve(value, scope);
        let kind = match &value.kind {
            Kind::Tuple(all) => Kind::Tuple(Arc::new(all.iter().map(deep).collect())),
            Kind::Object(fields) => match self.call(fields, value, scope) {
                Some(result) => return result,
                None => {
                    let mut resolved = Fields::default();
                    for (name, inner) in fields.fields() {
                        resolved.insert(Arc::clone(name), inner.key_span, deep(&inner.value));
                    }
                    // A key that was written twice stays one.
                    for (name, span) in fields.repeated() {
                        if let Some(last) = resolved.get(name).cloned() {
                            resolved.insert(Arc::clone(name), *span, last);
                        }
                    }
                    Kind::Object(Arc::new(resolved))
                }
            },
            _ => return value.clone(),
        };
        Value { kind, ..value.clone() }
    }

    /// The result of a function: an object with nothing but `Ref` or `Fn::...`.
    fn call(&self, fields: &Fields, value: &Value, scope: &Scope) -> Option<Value> {
        let (name, argument) = fields.iter().next().filter(|_| fields.len() == 1)?;
        if &**name != "Ref" && !name.starts_with("Fn::") {
            return None;
        }
        let span = value.origin.primary().unwrap_or(self.organization.header);
        let text = argument.as_str();
        let (logical, attribute) = match (&**name, text.as_deref()) {
            ("Ref", Some(logical)) => (logical, "AccountId"),
            ("Fn::GetAtt", Some(path)) => path.split_once('.').unwrap_or_default(),
            ("Fn::ReadFile", Some(_)) => {
                return Some(self.organization.reader.policy(argument, &scope.folder, &Variables::default()));
            }
            _ => ("", ""),
        };
        if let ("Ref", Some(given)) = (&**name, scope.values.get(logical)) {
            return Some(given.clone().via(Via::ParameterValue(logical.into()), Some(span)));
        }
        let known = self.names.get(logical).map(|part| (part, field(&part.properties, attribute)));
        Some(match known {
            Some((_, known)) if known.as_str().is_some() => known.at(span),
            Some((part, _)) if &**name == "Ref" => self.reference(part, span),
            _ => {
                let shown = text.as_deref().unwrap_or(name);
                Value::unknown(Type::Dynamic, Reason::new(shown, "is known to org-formation only", Some(span))).at(span)
            }
        })
    }

    /// The accounts that a binding names; an unknown where that is not known.
    pub(super) fn bound(&self, binding: &Value, span: Span) -> Vec<Value> {
        let unknown = |value: &Value| value.first_unknown().map(|unknown| Value::unknown_from(&unknown, Type::Text));
        if let Some(unknown) = unknown(binding).or_else(|| unknown(&field(binding, "AccountsWithTag"))) {
            return vec![unknown.at(span)];
        }
        let tagged = field(binding, "AccountsWithTag");
        if !tagged.is_null() {
            let reason = Reason::new("AccountsWithTag", "is not followed", tagged.origin.primary());
            return vec![Value::unknown(Type::Text, reason).at(span)];
        }
        let part = |properties: &Value| Part {
            name: "binding".into(),
            kind: String::new(),
            header: span,
            span,
            properties: properties.clone(),
        };
        let part = part(binding);
        let named = |accounts: &str, units: &str| {
            let (accounts, mut lost) = self.named(&part, accounts, "Account");
            let (units, more) = self.named(&part, units, "OrganizationalUnit");
            lost.extend(more);
            let mut found: Vec<&Part> = accounts.into_iter().map(|(part, _)| part).collect();
            let mut open: Vec<&Part> = units.into_iter().map(|(part, _)| part).collect();
            let mut seen = HashSet::new();
            while let Some(unit) = open.pop() {
                if seen.insert(&unit.name) {
                    found.extend(self.named(unit, "Accounts", "Account").0.into_iter().map(|(part, _)| part));
                    open.extend(
                        self.named(unit, "OrganizationalUnits", "OrganizationalUnit")
                            .0
                            .into_iter()
                            .map(|(part, _)| part),
                    );
                }
            }
            (found, lost)
        };
        let (accounts, mut lost) = named("Account", "OrganizationalUnit");
        let (excluded, more) = named("ExcludeAccount", "ExcludeOrganizationalUnit");
        lost.extend(more);
        let excluded: HashSet<&str> = excluded.iter().map(|part| &*part.name).collect();
        let kept = accounts.into_iter().filter(|part| !excluded.contains(&*part.name));
        kept.map(|part| self.reference(part, span)).chain(lost).collect()
    }
}

/// What names stand for where a value is written.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    /// Values of parameters.
    pub(super) values: HashMap<Arc<str>, Value>,
    /// The folder that files are named relative to.
    pub(super) folder: Utf8PathBuf,
}
