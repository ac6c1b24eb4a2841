//! Credential reports: whose keys exist, how old they are, and whether they are used.

use camino::Utf8PathBuf;
use jiff::Timestamp;

use super::{Evidence, Options, Outcome};
use crate::aws::credential_report::{Audited, CredentialReport, RENEWED_AFTER};
use crate::checks::{self, Run};
use crate::finding::{Counts, Diagnostic, Findings};

mod read;

pub use read::read;

/// Looks at what is named.
///
/// # Errors
/// In words, when something named cannot be read.
pub fn audit(named: &[Utf8PathBuf], options: &Options) -> Result<Outcome, String> {
    let mut outcome = Outcome::default();
    let reports = reports(named, &mut outcome)?;
    let settings = options.config.audit(options.max_unused_days);
    check(&Audited { reports: &reports, now: options.now, settings: &settings }, &mut outcome.findings);
    outcome.summary = Counts {
        files: named.len(),
        projects: reports.len(),
        resources: reports.iter().map(|report| report.users.len()).sum(),
        ..Counts::default()
    };
    super::waive(options, &mut outcome);
    Ok(outcome)
}

/// The reports in the files named.
fn reports(named: &[Utf8PathBuf], outcome: &mut Outcome) -> Result<Vec<CredentialReport>, String> {
    let mut reports = Vec::new();
    for name in named {
        let Evidence { bytes, file, path } = super::take(name, outcome)?;
        reports.extend(read(&path, &bytes, file, &outcome.sources, &mut outcome.findings));
    }
    Ok(reports)
}

/// Runs the checks of credential reports, and says which reports are stale.
pub fn check(audited: &Audited<'_>, out: &mut Findings) {
    for check in checks::ALL {
        if let Run::CredentialReport(run) = check.run {
            run(audited, out);
        }
    }
    for report in audited.reports {
        stale(report, audited.now, out);
    }
}

fn stale(report: &CredentialReport, now: Timestamp, out: &mut Findings) {
    let Some((made, span)) = report.generated else { return };
    let age = now.duration_since(made);
    if age <= RENEWED_AFTER {
        return;
    }
    let (hours, days) = (age.as_hours(), age.as_hours() / 24);
    let age = if days > 1 { format!("{days} days") } else { format!("{hours} hours") };
    let message = format!(
        "this report is {age} old: keys may have been made, used or deleted since; AWS makes a new one when it is asked for \
         one and the last is older than four hours"
    );
    out.note(Diagnostic::new("credential-report-stale", message, span));
}
