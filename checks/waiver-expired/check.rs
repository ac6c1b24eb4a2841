//! Waivers whose last day is over.

use crate::finding::{Finding, Findings, Severity};
use crate::waiver::{Applied, Waiver};

pub(super) const ID: &str = "waiver-expired";

/// Runs the check.
pub(super) fn check(waivers: &Applied<'_>, out: &mut Findings) {
    waivers.expired.iter().for_each(|waiver| out.push(expired(waiver)));
}

fn expired(waiver: &Waiver) -> Finding {
    let until = waiver.until.map(|until| until.to_string()).unwrap_or_default();
    let owner = waiver.owner.as_ref().map(|owner| format!(" Its owner is {owner}.")).unwrap_or_default();
    Finding {
        message: format!("This waiver held until {until}: what it waived is reported again.{owner}"),
        label: format!("over since {until}"),
        discriminators: waiver.checks.iter().cloned().chain([waiver.reason.clone()]).collect(),
        help: "mend what it waived, or give it another last day if the reason still holds".into(),
        ..Finding::new(ID, Severity::Medium, waiver.span)
    }
}
