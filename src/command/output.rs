//! What `check` and `audit` have in common once there is a report: which findings it has, where it goes, and the exit code.

use std::hash::BuildHasher;
use std::sync::Arc;

use camino::Utf8PathBuf;

use super::{FINDINGS, FINE, INCOMPLETE, Outcomes, print, stream, terminal};
use crate::cli::{Format, Output};
use crate::files::{stream_named, write_named};
use crate::finding::Findings;
use crate::report::{Report, Rule, github, gitlab, human, json, junit, markdown, sarif};

/// A format and its file; none is standard output.
pub(super) type Destination = (Format, Option<Utf8PathBuf>);

/// Writes the report to where it goes.
pub(super) fn publish(report: &Report, destinations: &[Destination], output: &Output) -> Outcomes {
    let mut printed = None;
    for (format, file) in destinations {
        let terminal = if file.is_some() { human::Style::default() } else { terminal() };
        let style = human::Style {
            quiet: output.quiet,
            verbose: output.verbose,
            controls: output.verbose || !output.framework.is_empty(),
            ..terminal
        };
        let sarif_style = sarif::Style { category: &output.category, waived: output.sarif_include_waived };
        let text = match format {
            Format::Human => human::render(report, style),
            // It may have a gigabyte: it is written as it is made.
            Format::Json => {
                match file {
                    Some(file) => {
                        let written = stream_named(file, &|file| json::write(report, file));
                        written.map_err(|error| format!("{file}: {error}"))?;
                    }
                    None => printed = Some(None),
                }
                continue;
            }
            Format::Sarif => sarif::render(report, sarif_style),
            Format::Github => github::render(report, &random_word()),
            Format::Gitlab => gitlab::render(report),
            Format::Junit => junit::render(report),
            Format::Markdown => markdown::render(report),
        };
        match file {
            Some(file) => write_named(file, text.as_bytes()).map_err(|error| format!("{file}: {error}"))?,
            None => printed = Some(Some(text)),
        }
    }
    match printed {
        Some(Some(text)) => print(&text)?,
        Some(None) => stream(&|out| json::write(report, out))?,
        None => {}
    }
    let fails = output.fail_on.severity().is_some_and(|severity| report.reaches(severity));
    Ok(match (fails, report.is_complete() || output.allow_incomplete) {
        (true, _) => FINDINGS,
        (false, false) => INCOMPLETE,
        (false, true) => FINE,
    })
}

/// A word that nobody foresees: the standard library draws the keys of its hash tables from the system's randomness.
fn random_word() -> String {
    let draw = || std::hash::RandomState::new().hash_one(0_u8);
    format!("rootlint-{:016x}{:016x}", draw(), draw())
}

/// Which formats go where: standard output for at most one of them.
pub(super) fn destinations(output: &Output) -> Result<Vec<Destination>, String> {
    let mut formats: Vec<_> = output.format.iter().map(|format| (format.format, format.file.clone())).collect();
    if formats.is_empty() {
        formats.push((Format::Human, None));
    }
    let mut bare = formats.iter_mut().filter(|(_, file)| file.is_none());
    match (bare.next(), bare.next(), &output.output) {
        (_, Some(_), _) => {
            Err("two formats cannot go to one place: give one of them as --format FORMAT=FILE".to_owned())
        }
        (None, None, Some(output)) => {
            Err(format!("nothing is left to be written to --output {output}: every --format names its own file"))
        }
        (Some((_, file)), None, Some(output)) => {
            *file = Some(output.clone());
            Ok(formats)
        }
        _ => Ok(formats),
    }
}

/// Leaves the findings that were asked for, of checks that `rules` have controls for if frameworks were.
pub(super) fn filter(findings: &mut Findings, output: &Output, rules: &[Arc<Rule>]) {
    let is_in = |list: &[String], check: &str| list.iter().any(|id| id == check);
    let answers = |check: &str| rules.iter().any(|rule| rule.id == check && !rule.frameworks().is_empty());
    let wanted = |check: &str| {
        (output.only.is_empty() || is_in(&output.only, check))
            && !is_in(&output.skip, check)
            && (output.framework.is_empty() || answers(check))
    };
    findings.findings.retain(|finding| wanted(&finding.check) && output.min_confidence.admits(finding.confidence));
    findings.undecided.retain(|undecided| wanted(&undecided.check));
}
