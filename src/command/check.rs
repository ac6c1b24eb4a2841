//! `rootlint check` and `rootlint baseline`.

use std::collections::BTreeSet;
use std::sync::Arc;

use camino::Utf8PathBuf;
use clap::ArgMatches;
use jiff::tz::TimeZone;

use super::fix;
use super::output::{Destination, destinations, filter, publish};
use super::progress::Line;
use super::{FINE, INCOMPLETE, Outcomes, asked_frameworks, known_checks, print, rules};
use crate::audit::cloudtrail;
use crate::baseline::{self, Known};
use crate::cli;
use crate::files::{Files, MAX_FILE_BYTES, read_named, write_named};
use crate::finding::Findings;
use crate::frameworks::unused_days;
use crate::guard::Ruleset;
use crate::input;
use crate::report::{Context, Report};
use crate::scan::{self, Outcome};
use crate::source::Sources;

/// What somebody who named the wrong folder wants to know.
const LOOKED_FOR: &str = "looked for were Terraform and OpenTofu modules, plans, CloudFormation templates and manifests \
                          of organizations; name the folder or file that holds them";

/// Looks, reports, and mends if that is asked for.
pub(super) fn check(arguments: &cli::Check, matches: &ArgMatches) -> Outcomes {
    let asked = asked_frameworks(&arguments.output.framework)?;
    let destinations = destinations(&arguments.output)?;
    let named = input::Named {
        paths: &arguments.paths,
        stdin: arguments.stdin_filename.as_deref(),
        rules_from: arguments.waivers_from.as_deref(),
    };
    if arguments.write && arguments.paths.iter().any(|path| path == "-") {
        return Err("--write needs files: standard input is none".to_owned());
    }
    let mut prepared = input::prepare(&named, &arguments.input, matches)?;
    prepared.options.rules = Arc::new(prepared.rules(&arguments.rules.rules)?);
    known_checks(arguments.output.only.iter().chain(&arguments.output.skip), &prepared.options.rules)?;
    if let Some(now) = arguments.output.now {
        prepared.options.today = now.to_zoned(TimeZone::UTC).date();
        prepared.options.now = now;
    }
    prepared.join(&arguments.facts, arguments.everywhere)?;
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
    // On the same threads: what is looked at, once more if it is compared or mended, and the report.
    scan::in_pool(&prepared.options, || run(arguments, matches, &prepared, baseline, &asked, &destinations))
}

/// Looks, and reports.
fn run(
    arguments: &cli::Check,
    matches: &ArgMatches,
    prepared: &input::Prepared,
    baseline: Option<(Option<Utf8PathBuf>, String)>,
    asked: &BTreeSet<String>,
    destinations: &[Destination],
) -> Outcomes {
    let line = Line::watch(&prepared.options.progress);
    let before = before(arguments, prepared, matches)?;
    let mut outcome = scan::check(&*prepared.files, &prepared.options);
    drop(line);
    let known = |sources: &Sources| match (&baseline, &arguments.output.baseline) {
        (Some((inner, text)), Some(named)) => {
            let path = inner.as_deref().unwrap_or(named);
            baseline::parse(path, inner.is_some(), text, sources).map(Some)
        }
        _ => Ok(None),
    };
    let known_here = known(&outcome.sources)?;
    let rules = rules(&prepared.options.rules, asked);
    let made = |mut findings: Findings, known: Option<&[Known]>, outcome: &Outcome, files: &dyn Files| {
        filter(&mut findings, &arguments.output, &rules);
        let context = Context {
            strict: arguments.output.strict,
            baseline: known,
            before: before.as_ref(),
            ..Context::plain(&outcome.sources, files, &rules, outcome.summary)
        };
        let mut report = Report::new(findings, &context);
        if outcome.summary.projects == 0 {
            report.incomplete.push(LOOKED_FOR.to_owned());
        }
        report
    };
    let report = if arguments.fix {
        // Each look at changed files has names of files of its own, by which the baseline is read.
        let again = |outcome: &Outcome, files: &dyn Files| {
            let known = known(&outcome.sources).ok().flatten();
            made(outcome.findings.clone(), known.as_deref(), outcome, files)
        };
        fix::fixed(prepared, &outcome, &again, arguments.write)?
    } else {
        let findings = std::mem::take(&mut outcome.findings);
        made(findings, known_here.as_deref(), &outcome, &*prepared.files)
    };
    publish(&report, destinations, &arguments.output)
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
        // The rules are those of the run: what is new is what the code does, not what is asked of it.
        rules: Arc::clone(&prepared.options.rules),
        credential_reports: prepared.options.credential_reports.clone(),
        trails: prepared.options.trails.clone(),
        facts: prepared.options.facts.clone(),
        everywhere: prepared.options.everywhere,
        repository: prepared.options.repository.clone(),
        max_unused_days: prepared.options.max_unused_days,
        ..options
    };
    let report = report_of(scan::check(&files, &options), &files, &options.rules);
    Ok(Some(report.findings.into_iter().map(|item| item.fingerprint).collect()))
}

/// The report on a run with nothing left out.
fn report_of(outcome: Outcome, files: &dyn Files, own: &Ruleset) -> Report {
    let rules = rules(own, &BTreeSet::new());
    let context = Context::plain(&outcome.sources, files, &rules, outcome.summary);
    Report::new(outcome.findings, &context)
}

pub(super) fn write_baseline(arguments: &cli::Baseline, matches: &ArgMatches) -> Outcomes {
    let named = input::Named { paths: &arguments.paths, stdin: None, rules_from: None };
    let mut prepared = input::prepare(&named, &arguments.input, matches)?;
    prepared.options.rules = Arc::new(prepared.rules(&arguments.rules.rules)?);
    let outcome = scan::check(&*prepared.files, &prepared.options);
    let report = report_of(outcome, &*prepared.files, &prepared.options.rules);
    let text = report.baseline();
    match &arguments.output {
        Some(file) => write_named(file, text.as_bytes()).map_err(|error| format!("{file}: {error}"))?,
        None => print(&text)?,
    }
    Ok(if report.errors.is_empty() { FINE } else { INCOMPLETE })
}
