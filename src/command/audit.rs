//! `rootlint audit`.

use std::sync::Arc;

use jiff::Timestamp;

use super::output::{destinations, filter, publish};
use super::{Outcomes, asked_frameworks, known_checks, rules};
use crate::audit::{self, Options, OwnRule};
use crate::baseline;
use crate::cli::{Evidence, Output};
use crate::files::{MAX_FILE_BYTES, read_named, write_named};
use crate::frameworks::unused_days;
use crate::guard::Ruleset;
use crate::input;
use crate::report::shown::line;
use crate::report::{About, Context, Report, Rule};
use crate::source::Sources;
use crate::suggest::did_you_mean;

/// What the ids of rules of the user's own start with.
const OWN_RULES: &str = "sigma/";

/// Looks at evidence and reports like `check`.
pub(super) fn audit(evidence: &Evidence) -> Outcomes {
    let (output, ground) = match evidence {
        Evidence::CredentialReport(arguments) => (&arguments.output, &arguments.ground),
        Evidence::Cloudtrail(arguments) => (&arguments.output, &arguments.ground),
    };
    let named = || output.only.iter().chain(&output.skip);
    // Which rules of the user's own there are is known once they are read.
    known_checks(named().filter(|id| !id.starts_with(OWN_RULES)), &Ruleset::default())?;
    let asked = asked_frameworks(&output.framework)?;
    let mut rules = rules(&Ruleset::default(), &asked);
    let destinations = destinations(output)?;
    let config = input::working_config(ground.config.as_deref())?;
    let options = Options {
        config,
        now: output.now.unwrap_or_else(Timestamp::now),
        jobs: ground.jobs.map(std::num::NonZeroUsize::get),
        max_unused_days: unused_days(&asked),
    };
    let audit::Outcome { mut findings, sources, files, summary, own } = match evidence {
        Evidence::CredentialReport(arguments) => audit::credential_report::audit(&arguments.files, &options)?,
        Evidence::Cloudtrail(arguments) => audit::cloudtrail::audit(&arguments.paths, &arguments.sigma, &options)?,
    };
    if let Some(id) = named().find(|id| id.starts_with(OWN_RULES) && !own.iter().any(|rule| rule.id == **id)) {
        let hint = did_you_mean(id, own.iter().map(|rule| rule.id.as_str()));
        return Err(format!("there is no rule `{}`{hint}", line(id)));
    }
    rules.extend(own.into_iter().map(|rule| {
        let OwnRule { id, title, severity, page, url } = rule;
        Arc::new(Rule::new(id, move || About { title, severity: Some(severity), page, url, absence: false }))
    }));
    let baseline = baseline_of(output, &sources)?;
    filter(&mut findings, output, &rules);
    let context = Context {
        strict: output.strict,
        baseline: baseline.as_deref(),
        ..Context::plain(&sources, &files, &rules, summary)
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
