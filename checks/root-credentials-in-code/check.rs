//! Providers and backends that sign in as root, and long-term keys that are written down.

use crate::aws::Model;
use crate::aws::credentials::{Use, What};
use crate::finding::{Finding, Findings, Related, Severity, Undecided};
use crate::resource::Presence;

pub(super) const ID: &str = "root-credentials-in-code";

/// Runs the check.
pub(super) fn check(model: &Model<'_>, out: &mut Findings) {
    for used in model.facts.iter().flat_map(|facts| &facts.credentials) {
        let (message, label, help) = match &used.what {
            What::RootProfile(name) => (
                match name {
                    Some(name) => format!("`{}` signs in with the profile `{name}`: {ROOT}", used.site.block),
                    None => format!("`{}` signs in with a profile that is called root's: {ROOT}", used.site.block),
                },
                "a profile of root",
                PROFILE,
            ),
            What::RootRole => (
                format!(
                    "`{}` is to assume the root user of an account as a role: AWS refuses that, {MEANT}",
                    used.site.block
                ),
                "the root user",
                PROFILE,
            ),
            What::Key => (
                format!("`{}` carries a long-term access key in its code: {WHOSE}", used.site.block),
                "a long-term key",
                KEY,
            ),
            What::Secret => (
                format!("`{}` carries the secret of an access key in its code: {WHOSE}", used.site.block),
                "the secret of a key",
                KEY,
            ),
            What::Unknown(reason) => {
                out.undecided(Undecided {
                    check: ID.into(),
                    message: format!(
                        "whether `{}` signs in as root depends on {}: {reason}",
                        used.site.block, used.path
                    ),
                    missing: vec![reason.missing.clone()],
                    span: used.origin.primary().unwrap_or(used.site.header),
                    blocking: false,
                });
                continue;
            }
        };
        out.push(finding(used, message, label, help));
    }
}

const ROOT: &str =
    "by its name, whatever is deployed is deployed by the root user, which nothing in its account limits.";
const MEANT: &str = "and it shows that root is meant to deploy.";
const WHOSE: &str = "everybody who reads the code can use it, and whose it is, root's perhaps, cannot be seen.";
const PROFILE: &str =
    "deploy with a role; root's credentials are for the few tasks that need them, and its access keys should not exist";
const KEY: &str = "delete the key, since it is known by now, and deploy with a role; where a key is needed, take it from the \
                   environment or a secrets store";

fn finding(used: &Use, message: String, label: &str, help: &str) -> Finding {
    let site = &used.site;
    let origin = &used.origin;
    // A key that a module call passes is shown there; one within a longer text at its very characters.
    let primary = used.place.or(origin.primary()).unwrap_or(site.header);
    let mut finding = Finding {
        message,
        label: label.into(),
        related: Related::trail(origin, primary),
        discriminators: [used.path.clone()].into(),
        hidden: used.hidden.clone(),
        help: help.into(),
        ..Finding::new(ID, Severity::Medium, primary).about(site)
    };
    if used.place.is_some() {
        finding.related.retain(|related| !related.span.contains(primary));
    }
    if let Presence::Possible(reason) = &site.presence {
        finding.rests_on(reason);
    }
    finding
}
