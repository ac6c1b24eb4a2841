//! Waivers that waive nothing.

use crate::finding::{Finding, Findings, Severity};
use crate::waiver::{Applied, Waiver};

pub(super) const ID: &str = "waiver-unused";

/// Runs the check.
pub(super) fn check(waivers: &Applied<'_>, out: &mut Findings) {
    waivers.unused.iter().for_each(|waiver| out.push(unused(waiver)));
}

fn unused(waiver: &Waiver) -> Finding {
    Finding {
        message: format!("This waiver waives nothing: there is no finding of {} here.", waiver.checks.join(" or ")),
        label: "no finding is waived by this".into(),
        discriminators: waiver.checks.iter().cloned().chain([waiver.reason.clone()]).collect(),
        help: "take it out, so that it waives nothing tomorrow".into(),
        ..Finding::new(ID, Severity::Info, waiver.span)
    }
}
