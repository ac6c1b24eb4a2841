//! Organizations that do not manage root's credentials centrally.

use std::sync::Arc;

use crate::aws::Model;
use crate::aws::organization::{self, Access, Organization, ROOT_CREDENTIALS_MANAGEMENT, fixes};
use crate::finding::{Diagnostic, Finding, Findings, Related, Severity, Undecided};
use crate::resource::{Language, Presence};
use crate::source::Span;
use crate::value::Reason;

pub(super) const ID: &str = "no-centralized-root-access";

/// Runs the check.
pub(super) fn check(model: &Model<'_>, out: &mut Findings) {
    for (organization, access) in organization::centralized_access(model) {
        match access {
            Access::Managed => {}
            Access::Missing(_) if model.settings.organization.elsewhere.is_some() => said(organization, model, out),
            // No resource and no setting for it: whether it is enabled cannot be seen here.
            Access::Missing(None) if organization.site.language != Language::Terraform => {
                out.note(command(organization));
            }
            Access::Missing(at) => out.push(missing(organization, at)),
            Access::Unknown(reason) => out.undecided(undecided(organization, &reason)),
        }
    }
}

fn missing(organization: &Organization, at: Option<(String, Span)>) -> Finding {
    let site = &organization.site;
    let (what, primary) = at.unwrap_or_else(|| {
        let what = "nothing in the scan enables it (`aws_iam_organizations_features`)".to_owned();
        (what, site.header)
    });
    let related = (primary != site.header).then(|| Related::new("the organization", site.header));
    let mut finding = Finding {
        message: format!(
            "This organization does not manage root's credentials centrally (`{ROOT_CREDENTIALS_MANAGEMENT}`): {what}. \
             Member accounts keep root passwords and keys that somebody could use or recover."
        ),
        label: "root's credentials stay in every account".into(),
        related: related.into_iter().collect(),
        instances: Vec::new(),
        help: fixes::centralized_access().to_owned(),
        ..Finding::new(ID, Severity::Low, primary).about(site)
    };
    if let Presence::Possible(reason) = &site.presence {
        finding.rests_on(reason);
    }
    finding
}

fn command(organization: &Organization) -> Diagnostic {
    let message = format!(
        "whether `{}` manages root's credentials centrally cannot be seen here: nothing says it. \
         `{}` enables it, once trusted access for iam.amazonaws.com is enabled",
        organization.site.address,
        fixes::ENABLE_COMMAND
    );
    Diagnostic::new("centralized-root-access", message, organization.site.header)
}

fn said(organization: &Organization, model: &Model<'_>, out: &mut Findings) {
    let Some(elsewhere) = &model.settings.organization.elsewhere else { return };
    let message = format!(
        "central management of root's credentials is not in view of {}; rootlint.toml says: {}",
        organization.site.address, elsewhere.reason
    );
    out.note(Diagnostic::new("organization-elsewhere", message, elsewhere.span));
}

fn undecided(organization: &Organization, reason: &Reason) -> Undecided {
    Undecided {
        check: ID.into(),
        message: format!(
            "whether `{}` manages root's credentials centrally cannot be decided: {reason}",
            organization.site.address
        ),
        missing: vec![Arc::clone(&reason.missing)],
        span: reason.span.unwrap_or(organization.site.header),
        blocking: false,
    }
}
