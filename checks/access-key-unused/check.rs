//! Active access keys that nobody has used for a long time, by what AWS says.

use jiff::Timestamp;

use crate::aws::credential_report::{Audit, Audited, What, day};
use crate::finding::{Finding, Findings, Severity};
use crate::source::Span;

pub(super) const ID: &str = "access-key-unused";

const HELP: &str = "switch the key off (`aws iam update-access-key --status Inactive`), and delete it when nobody has \
                    missed it for some days";

/// Runs the check.
pub(super) fn check(audited: &Audited<'_>, out: &mut Findings) {
    let limit = audited.settings.max_unused_days;
    for audit in audited.keys() {
        match (last(&audit), &audit.key.active.what) {
            (Last::Time(time, span, what), What::Is(true)) if audit.age(time, limit).0.over => {
                out.push(unused(&audit, time, span, what, limit));
            }
            (Last::Time(time, span, _), What::Unclear(text)) if audit.age(time, limit).0.over => {
                out.undecided.push(unclear(&audit, &format!("`{text}` does not say whether it is active"), span));
            }
            (Last::Unclear(why, span), What::Is(true)) => {
                // A key that was made lately cannot have been left alone for long.
                let is_new = audit.key.rotated.value().is_some_and(|made| !audit.age(*made, limit).0.over);
                if !is_new {
                    out.undecided.push(unclear(&audit, &why, span));
                }
            }
            _ => {}
        }
    }
    for user in audited.users() {
        if let Some((text, span)) = &user.more {
            out.undecided.push(user.more_keys(ID, text, *span));
        }
    }
}

/// The last sign of use.
enum Last {
    /// When, where that is written, and what it was.
    Time(Timestamp, Span, &'static str),
    /// Why it is not known, and where.
    Unclear(String, Span),
    /// An error says that the column is missing.
    Missing,
}

/// The last use, or for a key that was never used the day on which it was made.
fn last(audit: &Audit<'_>) -> Last {
    let (used, rotated) = (&audit.key.used, &audit.key.rotated);
    match (&used.what, &rotated.what) {
        (What::Is(time), _) => Last::Time(*time, used.span, "was last used"),
        (What::Unclear(text), _) => Last::Unclear(format!("`{text}` is no date"), used.span),
        (What::None, What::Is(time)) => Last::Time(*time, rotated.span, "was never used since it was made"),
        (What::None, What::Unclear(text)) => Last::Unclear(format!("`{text}` is no date"), rotated.span),
        (What::None, What::None) => Last::Unclear("the report has no date for it".into(), used.span),
        (What::Missing, _) | (_, What::Missing) => Last::Missing,
    }
}

fn unused(audit: &Audit<'_>, time: Timestamp, span: Span, what: &str, limit: u32) -> Finding {
    let (age, since) = audit.age(time, limit);
    let mut finding = Finding {
        message: format!(
            "The access key of {} ({}) is active, but {what} on {}, {} days ago; the limit is {limit} days.",
            audit.user.whose(),
            audit.key.name(),
            day(time),
            age.days
        ),
        label: format!("{} days ago", age.days),
        help: audit.help(HELP),
        ..audit.finding(ID, Severity::Low, span)
    };
    if let Some(reason) = &since {
        finding.rests_on(reason);
    }
    finding
}

fn unclear(audit: &Audit<'_>, why: &str, span: Span) -> crate::finding::Undecided {
    let (whose, key) = (audit.user.whose(), audit.key.name());
    let message = format!("when the access key of {whose} ({key}) was used last cannot be told: {why}");
    audit.undecided(ID, message, key, span)
}
