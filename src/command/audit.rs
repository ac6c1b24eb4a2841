//! `rootlint audit`.

use super::output::{destinations, filter, publish};
use super::{Outcomes, known_checks, rules};
use crate::audit::{self, Options};
use crate::baseline;
use crate::cli::{Evidence, Output};
use crate::files::{MAX_FILE_BYTES, read_named};
use crate::input;
use crate::report::{Context, Report};
use crate::source::Sources;

/// Looks at evidence and reports like `check`.
pub(super) fn audit(evidence: &Evidence) -> Outcomes {
    let (output, ground) = match evidence {
        Evidence::CredentialReport(arguments) => (&arguments.output, &arguments.ground),
        Evidence::Cloudtrail(arguments) => (&arguments.output, &arguments.ground),
    };
    known_checks(output.only.iter().chain(&output.skip))?;
    let destinations = destinations(output)?;
    let config = input::working_config(ground.config.as_deref())?;
    let options = Options { config, now: output.now, jobs: ground.jobs.map(std::num::NonZeroUsize::get) };
    let audit::Outcome { mut findings, sources, files, summary } = match evidence {
        Evidence::CredentialReport(arguments) => audit::credential_report::audit(&arguments.files, &options)?,
        Evidence::Cloudtrail(arguments) => audit::cloudtrail::audit(&arguments.paths, &arguments.sigma, &options)?,
    };
    let baseline = baseline_of(output, &sources)?;
    filter(&mut findings, output);
    let rules = rules();
    let context = Context {
        sources: &sources,
        files: &files,
        rules: &rules,
        counts: summary,
        strict: output.strict,
        baseline: baseline.as_deref(),
        before: None,
    };
    publish(&Report::new(findings, &context), &destinations, output)
}

fn baseline_of(output: &Output, sources: &Sources) -> Result<Option<Vec<baseline::Known>>, String> {
    let Some(named) = &output.baseline else { return Ok(None) };
    let bytes = read_named(named, MAX_FILE_BYTES).map_err(|error| format!("{named}: {error}"))?;
    let text = String::from_utf8(bytes).map_err(|_| format!("{named}: is not UTF-8"))?;
    baseline::parse(named, false, &text, sources).map(Some)
}
