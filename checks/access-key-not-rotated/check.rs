//! Active access keys that are too old, by what AWS says.

use crate::aws::credential_report::{Audit, Audited, What, day};
use crate::finding::{Finding, Findings, Severity};

pub(super) const ID: &str = "access-key-not-rotated";

const HELP: &str = "make a second key, move whoever uses the first to it, watch that the first is no longer used, delete \
                    it; better, let them assume a role and have no key";

/// Runs the check.
pub(super) fn check(audited: &Audited<'_>, out: &mut Findings) {
    let limit = audited.settings.max_age_days;
    for audit in audited.keys() {
        match &audit.key.rotated.what {
            What::Is(made) => {
                let (age, since) = audit.age(*made, limit);
                match &audit.key.active.what {
                    What::Is(true) if age.over => {
                        let mut finding = Finding {
                            message: format!(
                                "The access key of {} ({}) is {} days old: it was last rotated on {}, and the limit is {limit} days.",
                                audit.user.whose(),
                                audit.key.name(),
                                age.days,
                                day(*made)
                            ),
                            label: format!("{} days ago", age.days),
                            help: audit.help(HELP),
                            ..audit.finding(ID, Severity::Medium, audit.key.rotated.span)
                        };
                        if let Some(reason) = &since {
                            finding.rests_on(reason);
                        }
                        out.push(finding);
                    }
                    What::Unclear(text) if age.over => {
                        out.undecided.push(unclear(&audit, &format!("`{text}` does not say whether it is active")));
                    }
                    _ => {}
                }
            }
            // A key that is switched off need not be rotated.
            _ if audit.key.active.value() != Some(&true) => {}
            What::Unclear(text) => out.undecided.push(unclear(&audit, &format!("`{text}` is no date"))),
            What::None => out.undecided.push(unclear(&audit, "the report has no date for it")),
            // An error says that the column is missing.
            What::Missing => {}
        }
    }
    for user in audited.users() {
        if let Some((text, span)) = &user.more {
            out.undecided.push(user.more_keys(ID, text, *span));
        }
    }
}

fn unclear(audit: &Audit<'_>, why: &str) -> crate::finding::Undecided {
    let message =
        format!("how old the access key of {} ({}) is cannot be told: {why}", audit.user.whose(), audit.key.name());
    audit.undecided(ID, message, audit.key.name(), audit.key.rotated.span)
}
