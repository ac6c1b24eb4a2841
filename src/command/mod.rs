//! The commands: arguments in, text and an exit code out.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;
use std::sync::Arc;

use anstream::{AutoStream, ColorChoice};
use clap::{ArgMatches, CommandFactory, FromArgMatches};

use crate::checks::{self, Meta};
use crate::cli::{Cli, Color, Command};
use crate::files::Stream;
use crate::frameworks::{self, Controls};
use crate::guard::Ruleset;
use crate::report::shown::{disarm, line, lines};
use crate::report::{About, Rule, human};
use crate::suggest::did_you_mean;

mod audit;
mod check;
mod facts;
mod fix;
mod init;
mod inspect;
mod output;
mod progress;
mod test_rules;

/// Nothing to complain about.
const FINE: u8 = 0;
/// Findings at or above `--fail-on`.
const FINDINGS: u8 = 1;
/// The command could not start.
const USAGE: u8 = 2;
/// Not everything could be looked at or decided.
const INCOMPLETE: u8 = 3;

/// A terminal of fewer columns is treated as if it had no width.
const NARROW: usize = 40;

/// Why a command could not start, in words: exit code 2.
type Outcomes = Result<u8, String>;

/// Runs the program.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let matches = match Cli::command().try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(error) => {
            // Help and the version are printed where output goes, everything else where errors go.
            let code = u8::try_from(error.exit_code()).unwrap_or(USAGE);
            // An argument that it quotes may be the name of a file in a stranger's repository.
            let text = error.render().to_string();
            let _ = match disarm(&lines(&text)) {
                shown if shown.trim_end() == text.trim_end() => error.print(),
                shown => writeln!(anstream::stderr(), "{shown}"),
            };
            return ExitCode::from(code);
        }
    };
    let result = Cli::from_arg_matches(&matches).map_err(|error| error.to_string()).and_then(|cli| {
        match cli.color {
            Color::Auto => {}
            Color::Always => ColorChoice::Always.write_global(),
            Color::Never => ColorChoice::Never.write_global(),
        }
        run(&cli, matches.subcommand().map(|(_, matches)| matches))
    });
    ExitCode::from(result.unwrap_or_else(|message| {
        let _ = writeln!(anstream::stderr(), "error: {}", disarm(&lines(&message)));
        USAGE
    }))
}

fn run(cli: &Cli, matches: Option<&ArgMatches>) -> Outcomes {
    match (&cli.command, matches) {
        (Command::Check(arguments), Some(matches)) => check::check(arguments, matches),
        (Command::Init(arguments), Some(matches)) => init::init(arguments, matches),
        (Command::Audit(arguments), _) => audit::audit(&arguments.evidence),
        (Command::Resources(arguments), Some(matches)) => inspect::resources(arguments, matches),
        (Command::Eval(arguments), Some(matches)) => inspect::eval(arguments, matches),
        (Command::Org(arguments), Some(matches)) => inspect::organizations(arguments, matches),
        (Command::Baseline(arguments), Some(matches)) => check::write_baseline(arguments, matches),
        (Command::Explain(arguments), _) => inspect::explain(arguments),
        (Command::TestRules(arguments), _) => test_rules::test_rules(arguments),
        (Command::Checks(arguments), _) => inspect::list(arguments.frameworks, arguments.format),
        (Command::Policy(arguments), _) => inspect::policy(arguments),
        (Command::Completions(arguments), _) => inspect::completions(arguments.shell),
        (Command::Man, _) => inspect::manual(),
        (Command::Facts(arguments), Some(matches)) => facts::facts(arguments, matches),
        // A command that was parsed has its arguments.
        (_, None) => Err("the arguments of the command are missing".to_owned()),
    }
}

fn known_checks<'a>(ids: impl Iterator<Item = &'a String>, own: &Ruleset) -> Result<(), String> {
    ids.filter(|id| own.rule(id).is_none()).try_for_each(|id| known_check(id, own).map(drop))
}

fn known_check(id: &str, own: &Ruleset) -> Result<&'static checks::Check, String> {
    checks::ALL.iter().find(|check| check.id == id).ok_or_else(|| {
        let own = own.rules().map(|rule| &*rule.id);
        let hint = did_you_mean(id, checks::ALL.iter().map(|check| check.id).chain(own));
        let hint = if hint.is_empty() { "; `rootlint checks` lists them".to_owned() } else { hint };
        format!("there is no check `{}`{hint}", line(id))
    })
}

/// The frameworks that are asked for; none at all if none are.
fn asked_frameworks(given: &[String]) -> Result<BTreeSet<String>, String> {
    if given.is_empty() {
        return Ok(BTreeSet::new());
    }
    let controls = |check: &checks::Check| check.meta().ok()?.0.controls().ok();
    let controls: Vec<Controls> = checks::ALL.iter().filter_map(controls).collect();
    let known = controls.iter().flat_map(Controls::frameworks).collect();
    let mut asked = BTreeSet::new();
    for name in given {
        let named = frameworks::named(name, &known).map_err(|error| format!("--framework: {}", line(&error)))?;
        asked.extend(named.into_iter().map(str::to_owned));
    }
    Ok(asked)
}

/// What reports say about the checks, and about one's own rules; of the controls those of the frameworks asked for, if any are.
fn rules(own: &Ruleset, asked: &BTreeSet<String>) -> Vec<Arc<Rule>> {
    let own = own.rules().map(|rule| {
        let (title, severity, page) = (rule.title.clone(), Some(rule.severity), rule.page.clone());
        Rule::new(&*rule.id, move || About { title, severity, page, ..About::default() })
    });
    let asked = Arc::new(asked.clone());
    let ours = checks::ALL.iter().map(|check| {
        // A test reads every page.
        let about = || {
            let Ok((meta, page)) = check.meta() else { return About::default() };
            let (url, page) = (url(check.id, &meta), page.to_owned());
            About { url, title: meta.title, severity: Some(meta.severity), page, absence: meta.absence }
        };
        let asked = Arc::clone(&asked);
        let frameworks = move || {
            let controls = check.meta().and_then(|(meta, _)| meta.controls());
            let mut ids = controls.map(|controls| controls.ids()).unwrap_or_default();
            ids.retain(|framework, _| asked.is_empty() || asked.contains(framework));
            ids
        };
        Rule::new(check.id, about).with_frameworks(frameworks)
    });
    ours.chain(own).map(Arc::new).collect()
}

/// Where to read more: on the pages where this build's are published, else what the check rests on.
fn url(id: &str, meta: &Meta) -> String {
    match option_env!("ROOTLINT_DOCS_URL") {
        Some(pages) if !pages.is_empty() => format!("{}/checks/{id}.html", pages.trim_end_matches('/')),
        _ => meta.references.first().cloned().unwrap_or_default(),
    }
}

/// How a report for standard output looks.
fn terminal() -> human::Style {
    let colors = AutoStream::choice(&io::stdout()) != ColorChoice::Never;
    let links = colors && supports_hyperlinks::on(supports_hyperlinks::Stream::Stdout);
    human::Style { colors, links, width: width(), ..human::Style::default() }
}

/// The columns of the terminal; `COLUMNS` says otherwise. A file or a pipe has no width of its own.
fn width() -> usize {
    let given = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let own = || terminal_size::terminal_size_of(io::stdout()).map(|(terminal_size::Width(width), _)| width.into());
    given.or_else(own).filter(|columns| *columns >= NARROW).unwrap_or(human::Style::default().width)
}

/// Prints a finished text, in one go.
fn print(text: &str) -> Result<(), String> {
    let mut out = AutoStream::auto(io::stdout().lock());
    forgive_closed_pipe(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

/// Prints what is written in lines of plain characters, in which no terminal finds anything to obey, as it is made.
fn stream(write: Stream<'_>) -> Result<(), String> {
    let mut out = io::stdout().lock();
    forgive_closed_pipe(write(&mut out).and_then(|()| out.flush()))
}

/// Whoever reads may stop reading (`| head`): that is no error of ours.
fn forgive_closed_pipe(written: io::Result<()>) -> Result<(), String> {
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(format!("standard output: {error}")),
        _ => Ok(()),
    }
}
