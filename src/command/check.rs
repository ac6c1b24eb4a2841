//! `rootlint check` and `rootlint baseline`.

use std::collections::BTreeSet;
use std::sync::Arc;

use clap::ArgMatches;
use jiff::tz::TimeZone;

use super::output::{destinations, filter, publish};
use super::progress::Line;
use super::{FINE, INCOMPLETE, Outcomes, asked_frameworks, known_checks, print, rules};
use crate::audit::cloudtrail;
use crate::baseline;
use crate::cli;
use crate::files::{Files, MAX_FILE_BYTES, read_named, write_named};
use crate::frameworks::unused_days;
use crate::input;
use crate::report::{Context, Report};
use crate::scan::{self, Outcome};

pub(super) fn check(arguments: &cli::Check, matches: &ArgMatches) -> Outcomes {
    if let Some(message) = arguments.later() {
        return Err(message);
    }
    known_checks(arguments.output.only.iter().chain(&arguments.output.skip))?;
    let asked = asked_frameworks(&arguments.output.framework)?;
    let rules = rules(&asked);
    let destinations = destinations(&arguments.output)?;
    let named = input::Named {
        paths: &arguments.paths,
        stdin: arguments.stdin_filename.as_deref(),
        rules_from: arguments.waivers_from.as_deref(),
    };
    let mut prepared = input::prepare(&named, &arguments.input, matches)?;
    if let Some(now) = arguments.output.now {
        prepared.options.today = now.to_zoned(TimeZone::UTC).date();
        prepared.options.now = now;
    }
    prepared.options.max_unused_days = unused_days(&asked);
    for name in &arguments.credential_report {
        let bytes = read_named(name, MAX_FILE_BYTES).map_err(|error| format!("{name}: {error}"))?;
        prepared.options.credential_reports.push((name.clone(), bytes));
    }
    if !arguments.cloudtrail.is_empty() {
        let trails = cloudtrail::read(&arguments.cloudtrail, prepared.options.jobs);
        prepared.options.trails = Some(Arc::new(trails.map_err(|error| format!("--cloudtrail {error}"))?));
    }
    let baseline = arguments.output.baseline.as_ref().map(|file| prepared.ruling_file(file)).transpose()?;
    let line = Line::watch(&prepared.options.progress);
    let before = before(arguments, &prepared, matches)?;
    let outcome = scan::check(&*prepared.files, &prepared.options);
    drop(line);
    let baseline = match (&baseline, &arguments.output.baseline) {
        (Some((inner, text)), Some(named)) => {
            let path = inner.as_deref().unwrap_or(named);
            Some(baseline::parse(path, inner.is_some(), text, &outcome.sources)?)
        }
        _ => None,
    };

    let mut findings = outcome.findings;
    filter(&mut findings, &arguments.output, &rules);
    let context = Context {
        sources: &outcome.sources,
        files: &*prepared.files,
        rules: &rules,
        counts: outcome.summary,
        strict: arguments.output.strict,
        baseline: baseline.as_deref(),
        before: before.as_ref(),
    };
    let report = Report::new(findings, &context);
    publish(&report, &destinations, &arguments.output)
}

/// The fingerprints of what was there before, if that is asked: of another commit, or of another run's report.
fn before(
    arguments: &cli::Check,
    prepared: &input::Prepared,
    matches: &ArgMatches,
) -> Result<Option<BTreeSet<String>>, String> {
    if let Some(file) = &arguments.diff_base_report {
        let (_, text) = prepared.ruling_file(file)?;
        return baseline::of_report(&text).map(Some).map_err(|error| format!("{file}: {error}"));
    }
    let Some(reference) = &arguments.diff_base else { return Ok(None) };
    let (files, options) = prepared.at(reference, &arguments.input, matches)?;
    let options = scan::Options {
        today: prepared.options.today,
        now: prepared.options.now,
        credential_reports: prepared.options.credential_reports.clone(),
        trails: prepared.options.trails.clone(),
        max_unused_days: prepared.options.max_unused_days,
        ..options
    };
    let report = report_of(scan::check(&files, &options), &files);
    Ok(Some(report.findings.into_iter().map(|item| item.fingerprint).collect()))
}

/// The report on a run with nothing left out.
fn report_of(outcome: Outcome, files: &dyn Files) -> Report {
    let rules = rules(&BTreeSet::new());
    let context = Context {
        sources: &outcome.sources,
        files,
        rules: &rules,
        counts: outcome.summary,
        strict: false,
        baseline: None,
        before: None,
    };
    Report::new(outcome.findings, &context)
}

pub(super) fn write_baseline(arguments: &cli::Baseline, matches: &ArgMatches) -> Outcomes {
    let named = input::Named { paths: &arguments.paths, stdin: None, rules_from: None };
    let prepared = input::prepare(&named, &arguments.input, matches)?;
    let report = report_of(scan::check(&*prepared.files, &prepared.options), &*prepared.files);
    let text = report.baseline();
    match &arguments.output {
        Some(file) => write_named(file, text.as_bytes()).map_err(|error| format!("{file}: {error}"))?,
        None => print(&text)?,
    }
    Ok(if report.errors.is_empty() { FINE } else { INCOMPLETE })
}
