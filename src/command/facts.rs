//! `rootlint facts`: what a repository declares, for the checks of others.

use std::io::Write;

use clap::ArgMatches;

use super::{FINE, INCOMPLETE, Outcomes, print};
use crate::cli;
use crate::facts::read::{Trust, read};
use crate::facts::{self, About};
use crate::files::write_named;
use crate::input;
use crate::report::shown::{disarm, line};
use crate::scan;

/// What the lines are, for programs that check them.
const SCHEMA: &str = include_str!("../../docs/facts.schema.json");

pub(super) fn facts(arguments: &cli::Facts, matches: &ArgMatches) -> Outcomes {
    if arguments.schema {
        print(SCHEMA)?;
        return Ok(FINE);
    }
    if arguments.join {
        return join(arguments);
    }
    let named = input::Named { paths: &arguments.paths, stdin: None, rules_from: None };
    let prepared = input::prepare(&named, &arguments.input, matches)?;
    let (name, commit) = prepared.whereabouts();
    let repository = arguments.repository.clone().unwrap_or(name);
    let about = About { repository, commit, time: arguments.now.unwrap_or(prepared.options.now) };
    let (found, settings, outcome) = scan::facts(&*prepared.files, &prepared.options);
    let (declared, recorded): (Vec<_>, Vec<_>) = found.into_iter().unzip();
    let errors = &outcome.findings.errors;
    let places = (&outcome.sources, &*prepared.files);
    write(arguments, &facts::write(&about, (&declared, &recorded), &settings, &outcome.findings, places))?;
    Ok(if errors.is_empty() { FINE } else { INCOMPLETE })
}

/// Puts facts together that were taken apart from each other.
fn join(arguments: &cli::Facts) -> Outcomes {
    let now = arguments.now.unwrap_or_else(jiff::Timestamp::now);
    let joined = read(&arguments.paths, &Trust::default(), now)?;
    let mut text = String::new();
    for line in joined.lines() {
        text.push_str(line);
        text.push('\n');
    }
    write(arguments, &text)?;
    let problems = joined.problems();
    for problem in &problems {
        let place = format!("{}:{}", line(problem.file.as_str()), problem.line);
        let shown = disarm(&format!("error[{}]: {} ({place})", problem.code, line(&problem.message)));
        let _ = writeln!(anstream::stderr(), "{shown}");
    }
    Ok(if problems.is_empty() { FINE } else { INCOMPLETE })
}

fn write(arguments: &cli::Facts, text: &str) -> Result<(), String> {
    match &arguments.output {
        Some(file) => write_named(file, text.as_bytes()).map_err(|error| format!("{file}: {error}")),
        None => print(text),
    }
}
