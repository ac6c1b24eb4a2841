//! What deploys templates that are projects of their own, or parts of one: stacks and AWS Config's conformance packs.

use std::sync::Arc;

use super::join::{each, given};
use super::{Effect, Mechanism, Period, Reach, mechanism};
use crate::resource::{Language, Resource};
use crate::value::Reason;

/// A pack: its body, the other places it may come from, and, for an organization's, the accounts left out.
struct PackKind {
    kind: &'static str,
    body: &'static str,
    elsewhere: &'static [&'static str],
    organization: Option<&'static str>,
}

/// Terraform's AWS and AWSCC providers and the CloudFormation resource reference.
const PACKS: &[PackKind] = &[
    PackKind {
        kind: "aws_config_conformance_pack",
        body: "template_body",
        elsewhere: &["template_s3_uri"],
        organization: None,
    },
    PackKind {
        kind: "aws_config_organization_conformance_pack",
        body: "template_body",
        elsewhere: &["template_s3_uri"],
        organization: Some("excluded_accounts"),
    },
    PackKind {
        kind: "awscc_config_conformance_pack",
        body: "template_body",
        elsewhere: &["template_s3_uri", "template_ssm_document_details"],
        organization: None,
    },
    PackKind {
        kind: "awscc_config_organization_conformance_pack",
        body: "template_body",
        elsewhere: &["template_s3_uri"],
        organization: Some("excluded_accounts"),
    },
    PackKind {
        kind: "AWS::Config::ConformancePack",
        body: "TemplateBody",
        elsewhere: &["TemplateS3Uri", "TemplateSSMDocumentDetails"],
        organization: None,
    },
    PackKind {
        kind: "AWS::Config::OrganizationConformancePack",
        body: "TemplateBody",
        elsewhere: &["TemplateS3Uri"],
        organization: Some("ExcludedAccounts"),
    },
];

/// A stack whose template Terraform holds works where Terraform does.
const STACKS: [&str; 2] = ["aws_cloudformation_stack", "awscc_cloudformation_stack"];

/// Whether this module reads resources of the type.
pub fn wanted(kind: &str) -> bool {
    PACKS.iter().any(|known| known.kind == kind) || STACKS.contains(&kind)
}

/// What deploys templates, and packs whose templates are not in view.
pub fn mechanisms(resources: &[Resource<'_>]) -> Vec<Mechanism> {
    let read = |resource: &Resource<'_>| {
        if STACKS.contains(&resource.kind()) {
            return Some(mechanism(resource, "Stack", Effect::Deploys, Reach::Account, Period::Unstated));
        }
        let kind = PACKS.iter().find(|known| known.kind == resource.kind())?;
        let reach = if kind.organization.is_some() { Reach::Organization } else { Reach::Account };
        let excluded = kind.organization.map(|excluded| each(&given(resource, excluded))).unwrap_or_default();
        let body = given(resource, kind.body);
        let mut found = mechanism(resource, "Conformance pack", Effect::Deploys, reach, Period::Unstated);
        found.excluded = excluded;
        let reason = match body.as_unknown() {
            Some(unknown) => Some(unknown.reason.clone()),
            None if body.is_null() => kind.elsewhere.iter().find_map(|name| {
                let place = given(resource, name);
                let at = place.origin.span.unwrap_or(resource.site.header);
                let why = "holds the pack's template, which is not in view";
                let name: Arc<str> = match place.as_str() {
                    Some(uri) => Arc::from(&*uri),
                    None => format!("{}.{name}", resource.site.block).into(),
                };
                (!place.is_null()).then(|| Reason::new(name, why, Some(at)))
            }),
            None => None,
        };
        if let Some(reason) = reason {
            found.effect = Effect::Detects;
            found.vague = true;
            found.doubt = Some(reason);
        }
        Some(found)
    };
    resources.iter().filter_map(read).collect()
}

/// The organization's pack that a rule is part of, if its template is written in the same project.
pub fn pack_of<'r, 'p>(rule: &Resource<'_>, resources: &'r [Resource<'p>]) -> Option<&'r Resource<'p>> {
    // A template has the rules of its packs below the pack's logical ID.
    if rule.site.language != Language::CloudFormation || !rule.site.address.contains('.') {
        return None;
    }
    resources.iter().find(|pack| {
        let below = rule.site.address.strip_prefix(&*pack.site.address);
        below.is_some_and(|below| below.starts_with('.'))
            && PACKS.iter().any(|known| known.kind == pack.kind() && known.organization.is_some())
    })
}

/// The accounts that a pack leaves out.
pub fn excluded(pack: &Resource<'_>) -> Vec<crate::value::Value> {
    let kind = PACKS.iter().find(|known| known.kind == pack.kind());
    kind.and_then(|kind| kind.organization).map(|excluded| each(&given(pack, excluded))).unwrap_or_default()
}
