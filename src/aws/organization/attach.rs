//! The attachment that a policy lacks, where the root to attach it to is in view.

use std::collections::BTreeSet;

use crate::finding::{Change, Fix, Term};
use crate::resource::{Language, Presence, Site};

use super::groups::Group;

const ATTACHMENT: &str = "aws_organizations_policy_attachment";

/// The module that a resource is in, and its address in there.
fn split(site: &Site) -> (&str, &str) {
    if site.language != Language::Terraform {
        return ("", &site.address);
    }
    // What `module.a["x.y"].` ends with is the address without it, which has two parts or, with `data.`, three.
    let local = site.block.rsplit('.').take(2).map(str::len).sum::<usize>() + 1;
    let data = site
        .block
        .get(..site.block.len().saturating_sub(local))
        .is_some_and(|rest| rest == "data." || rest.ends_with(".data."));
    let local = local + if data { "data.".len() } else { 0 };
    let at = site.block.len().saturating_sub(local);
    (site.block.get(..at).unwrap_or_default(), site.block.get(at..).unwrap_or_default())
}

/// What attaches a policy that is attached to nothing to the root of its organization.
///
/// # Errors
/// Why that is not plain.
pub(super) fn to_the_root(policy: &Site, group: &Group<'_>) -> Result<Fix, String> {
    let (module, address) = split(policy);
    let organizations = group.facts.iter().flat_map(|facts| &facts.organization.organizations);
    let mut beside = organizations
        .map(|organization| &organization.site)
        .filter(|site| site.project == policy.project && site.language == policy.language && split(site).0 == module);
    let Some(organization) = beside.next() else {
        return Err("the root of the organization is not in view beside the policy".into());
    };
    if beside.next().is_some() {
        return Err("there is more than one organization beside the policy".into());
    }
    let root = split(organization).1;
    let certain = |site: &Site| site.presence == Presence::Certain && site.address == site.block;
    if !certain(policy) || !certain(organization) {
        return Err("the policy or the organization is made by `count`, `for_each` or a condition".into());
    }
    let root = |attribute: &str| Term::Attribute(root.to_owned(), attribute.to_owned());
    let change = match (policy.language, &*policy.kind) {
        (Language::CloudFormation, _) if !policy.address.contains('.') => {
            Change::Argument { of: policy.header, name: "TargetIds", value: Term::List(vec![root("RootId")]) }
        }
        (Language::Terraform, "awscc_organizations_policy") if organization.kind.starts_with("awscc_") => {
            Change::Argument { of: policy.header, name: "target_ids", value: Term::List(vec![root("root_id")]) }
        }
        (Language::Terraform, "aws_organizations_policy")
            if !address.starts_with("data.") && &*organization.kind == "aws_organizations_organization" =>
        {
            Change::Resource {
                beside: policy.header,
                kind: ATTACHMENT,
                name: unused(module, address, group),
                arguments: vec![
                    ("policy_id", Term::Attribute(address.to_owned(), "id".to_owned())),
                    ("target_id", root("roots[0].id")),
                ],
            }
        }
        _ => return Err("how it is attached is for you to say".into()),
    };
    Ok(Fix { message: "attach the policy to the root of the organization".into(), changes: vec![change] })
}

/// A name for the attachment of a policy that no other attachment of the module has.
fn unused(module: &str, policy: &str, group: &Group<'_>) -> String {
    let attachments = group.facts.iter().flat_map(|facts| &facts.organization.attachments);
    let taken: BTreeSet<String> = attachments.map(|attachment| attachment.site.block.to_string()).collect();
    let name = policy.rsplit('.').next().unwrap_or(policy);
    let mut candidates = [name.to_owned(), format!("{name}_root")].into_iter();
    let free = candidates.find(|name| !taken.contains(&format!("{module}{ATTACHMENT}.{name}")));
    free.unwrap_or_else(|| format!("{name}_to_the_root"))
}
