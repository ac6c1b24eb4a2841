//! Controls that name root and guard nothing.

use std::sync::Arc;

use crate::aws::Model;
use crate::aws::organization::{self, LockedOut, NearMiss, Resolved};
use crate::finding::{Diagnostic, Finding, Findings, Related, Severity};

pub(super) const ID: &str = "ineffective-root-guard";

/// Runs the check.
pub(super) fn check(model: &Model<'_>, out: &mut Findings) {
    for organization in model.organizations() {
        let reported = super::root_key_not_denied::is_reported(organization, model);
        for miss in organization.near_misses.iter().filter(|miss| !(reported && miss.explains)) {
            out.push(void(miss, &organization.projects));
        }
        organization.locked_out.iter().for_each(|locked| out.note(locked_out(locked)));
        quotas(organization, out);
    }
    let (loose, locked) = organization::loose_near_misses(model);
    loose.iter().for_each(|miss| out.push(void(miss, &[])));
    locked.iter().for_each(|locked| out.note(locked_out(locked)));
}

fn void(miss: &NearMiss, projects: &[Arc<str>]) -> Finding {
    let projects = if projects.is_empty() { std::slice::from_ref(&miss.site.project) } else { projects };
    let mut finding = Finding {
        message: format!("This guard against root's access keys guards nothing: {}.", miss.message),
        label: miss.label.clone(),
        discriminators: [miss.label.clone()].into(),
        projects: projects.to_vec(),
        help: miss.help.clone(),
        fix: Some(miss.fix.clone()),
        ..Finding::new(ID, Severity::High, miss.span).about(&miss.site)
    };
    for (message, span) in &miss.related {
        finding.related.push(Related::new(message.clone(), *span));
    }
    if miss.span != miss.site.header {
        finding.related.push(Related::new("the guard", miss.site.header));
    }
    miss.doubts.iter().for_each(|doubt| finding.rests_on(doubt));
    finding
}

/// A guard that works, but keeps out whom AWS recommends for the rare work of root.
fn locked_out(locked: &LockedOut) -> Diagnostic {
    let message = format!(
        "`{}` also denies sessions of sts:AssumeRoot (centralized root access), which delete root's credentials and \
         unlock bucket and queue policies; they can never create a key: exempt them with one more condition, `{}`",
        locked.site.address, locked.help
    );
    Diagnostic::new("root-sessions-denied", message, locked.span)
}

fn quotas(organization: &Resolved, out: &mut Findings) {
    for excess in &organization.excesses {
        out.note(Diagnostic::new("organization-quota", excess.message.clone(), excess.span));
    }
}
