//! Waivers that cannot be understood.

use crate::finding::{Diagnostic, Finding, Findings, Severity};
use crate::source::Span;
use crate::waiver::Applied;

pub(super) const ID: &str = "waiver-invalid";

/// Runs the check.
pub(super) fn check(waivers: &Applied<'_>, out: &mut Findings) {
    waivers.waivers.invalid.iter().for_each(|(why, at)| out.push(invalid(why, *at)));
    waivers.waivers.foreign.iter().for_each(|at| out.note(foreign(*at)));
}

fn invalid(why: &str, at: Span) -> Finding {
    Finding {
        message: format!("This waiver waives nothing: {why}."),
        label: "this cannot be understood".into(),
        discriminators: [why.to_owned()].into(),
        help:
            "a waiver reads: rootlint: ignore[CHECK, ...] reason=\"...\" until=2027-01-31 owner=\"...\"; the reason is \
               required, `ignore-block` and `ignore-file` reach further"
                .into(),
        ..Finding::new(ID, Severity::Medium, at)
    }
}

/// A change cannot waive itself.
fn foreign(at: Span) -> Diagnostic {
    let message = "this waiver does not count: it is not in the commit that waivers are taken from";
    Diagnostic::new("waiver-not-in-base", message, at)
}
