//! `rootlint audit`.

use jiff::Timestamp;

use super::output::{destinations, filter, publish};
use super::{Outcomes, asked_frameworks, known_checks, rules};
use crate::audit::{self, Options};
use crate::baseline;
use crate::cli::{Evidence, Output};
use crate::files::{MAX_FILE_BYTES, read_named, write_named};
use crate::frameworks::unused_days;
use crate::guard::Ruleset;
use crate::input;
use crate::report::{Context, Report};
use crate::source::Sources;

/// Looks at evidence and reports like `check`.
pub(super) fn audit(evidence: &Evidence) -> Outcomes {
    let (output, ground) = match evidence {
        Evidence::CredentialReport(arguments) => (&arguments.output, &arguments.ground),
        Evidence::Cloudtrail(arguments) => (&arguments.output, &arguments.ground),
    };
    known_checks(output.only.iter().chain(&output.skip), &Ruleset::default())?;
    let asked = asked_frameworks(&output.framework)?;
    let rules = rules(&Ruleset::default(), &asked);
    let destinations = destinations(output)?;
    let config = input::working_config(ground.config.as_deref())?;
    let options = Options {
        config,
        now: output.now.unwrap_or_else(Timestamp::now),
        jobs: ground.jobs.map(std::num::NonZeroUsize::get),
        max_unused_days: unused_days(&asked),
    };
    let audit::Outcome { mut findings, sources, files, summary } = match evidence {
        Evidence::CredentialReport(arguments) => audit::credential_report::audit(&arguments.files, &options)?,
        Evidence::Cloudtrail(arguments) => audit::cloudtrail::audit(&arguments.paths, &options)?,
    };
    let baseline = baseline_of(output, &sources)?;
    filter(&mut findings, output, &rules);
    let context = Context {
        sources: &sources,
        files: &files,
        rules: &rules,
        counts: summary,
        strict: output.strict,
        baseline: baseline.as_deref(),
        before: None,
    };
    let report = Report::new(findings, &context);
    if let Some(file) = &ground.write_baseline {
        write_named(file, report.baseline().as_bytes()).map_err(|error| format!("{file}: {error}"))?;
    }
    publish(&report, &destinations, output)
}

fn baseline_of(output: &Output, sources: &Sources) -> Result<Option<Vec<baseline::Known>>, String> {
    let Some(named) = &output.baseline else { return Ok(None) };
    let bytes = read_named(named, MAX_FILE_BYTES).map_err(|error| format!("{named}: {error}"))?;
    let text = String::from_utf8(bytes).map_err(|_| format!("{named}: is not UTF-8"))?;
    baseline::parse(named, false, &text, sources).map(Some)
}
