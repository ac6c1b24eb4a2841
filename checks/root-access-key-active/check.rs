//! Root users that have an access key, by what AWS says.

use crate::aws::credential_report::{Audit, Audited, CredentialReport, Said, What, day};
use crate::finding::{Finding, Findings, Severity, Undecided};
use crate::value::Reason;

pub(super) const ID: &str = "root-access-key-active";

const HELP: &str = "find out who uses the key (its last use is in the report, its calls in CloudTrail), give them a role, \
                    then delete the key: deactivating it is not enough for CIS. In a member account of an organization, \
                    central root access can delete it (the task IAMDeleteRootUserCredentials)";

/// Runs the check.
pub(super) fn check(audited: &Audited<'_>, out: &mut Findings) {
    for audit in audited.keys().filter(|audit| audit.user.is_root()) {
        key(&audit, audited, out);
    }
    for report in audited.reports {
        if let Some(count) = &report.root_keys {
            counted(report, count, out);
        }
        if report.whole && !report.users.iter().any(|user| user.is_root()) {
            out.undecided(Undecided {
                check: ID.into(),
                message: "whether root has an access key is not known: the report has no row for root".into(),
                missing: vec!["the row of root".into()],
                span: report.span,
                blocking: true,
            });
        }
    }
}

fn key(audit: &Audit<'_>, audited: &Audited<'_>, out: &mut Findings) {
    let (key, whose) = (audit.key, audit.user.whose());
    let whose = capitalised(&whose);
    match &key.active.what {
        What::Is(true) => out.push(Finding {
            message: format!("{whose} has an active access key ({}{}).", key.name(), history(audit)),
            label: "an active key of root".into(),
            help: HELP.into(),
            ..audit.finding(ID, Severity::Critical, key.active.span)
        }),
        What::Is(false) if key.is_there() && !audited.settings.inactive_root_key_allowed => out.push(Finding {
            message: format!(
                "{whose} has an inactive access key ({}{}). One call activates it, and `AccountAccessKeysPresent` counts it.",
                key.name(),
                history(audit)
            ),
            label: "a key of root that exists".into(),
            help: HELP.into(),
            ..audit.finding(ID, Severity::High, key.active.span)
        }),
        What::Is(false) => {
            let dates = [&key.rotated, &key.used];
            let unclear = dates.into_iter().find_map(|date| match &date.what {
                What::Unclear(text) => Some((text, date.span)),
                _ => None,
            });
            if let Some((text, span)) = unclear.filter(|_| !key.is_there()) {
                let message = format!("whether {} has an inactive key is not known: `{text}` is no date", audit.user.whose());
                out.undecided(audit.undecided(ID, message, key.name(), span));
            }
        }
        // A key that has a date exists.
        What::Unclear(_) | What::Missing | What::None if key.is_there() => {
            let mut finding = Finding {
                message: format!("{whose} has an access key ({}{}).", key.name(), history(audit)),
                label: "a key of root".into(),
                help: HELP.into(),
                ..audit.finding(ID, Severity::Critical, key.active.span)
            };
            finding.rests_on(&unknown_status(&key.active));
            out.push(finding);
        }
        What::Unclear(text) => {
            let message = format!("whether {} has an access key is not known: `{text}` is neither true nor false", audit.user.whose());
            out.undecided(Undecided { blocking: true, ..audit.undecided(ID, message, key.name(), key.active.span) });
        }
        // An error says that the column is missing.
        What::Missing | What::None => {}
    }
}

fn unknown_status<T>(said: &Said<T>) -> Reason {
    Reason::new("whether the key is active", "is not said", Some(said.span))
}

/// What the account's summary counts: active keys and inactive ones.
fn counted(report: &CredentialReport, count: &Said<u64>, out: &mut Findings) {
    match &count.what {
        What::Is(0) | What::None | What::Missing => {}
        What::Is(_) => {
            let mut finding = Finding {
                message: "The root user has an access key: `AccountAccessKeysPresent` counts active and inactive ones."
                    .into(),
                label: "root has a key".into(),
                resource: "root".into(),
                help: HELP.into(),
                ..Finding::new(ID, Severity::Critical, count.span)
            };
            finding.rests_on(&unknown_status(count));
            out.push(finding);
        }
        What::Unclear(text) => out.undecided(Undecided {
            check: ID.into(),
            message: format!("whether root has an access key is not known: `{text}` is no number"),
            missing: vec!["AccountAccessKeysPresent".into()],
            span: if count.span.is_empty() { report.span } else { count.span },
            blocking: true,
        }),
    }
}

/// When the key was made and used, as far as that is known.
fn history(audit: &Audit<'_>) -> String {
    let made = audit.key.rotated.value().map(|time| format!(", made {}", day(*time))).unwrap_or_default();
    let used = match &audit.key.used.what {
        What::Is(time) => format!(", last used {}", day(*time)),
        What::None => ", never used".into(),
        What::Unclear(_) | What::Missing => String::new(),
    };
    format!("{made}{used}")
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
