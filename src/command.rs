//! The commands: arguments in, text and an exit code out.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::hash::BuildHasher;
use std::io::{self, BufRead, ErrorKind, Write};
use std::process::ExitCode;

use anstream::{AutoStream, ColorChoice};
use clap::{ArgMatches, CommandFactory, FromArgMatches};

use crate::ask::ask;
use crate::baseline;
use crate::checks::{self, Meta};
use crate::cli::{self, Cli, Color, Command, Format, OrgFormat, PlainFormat};
use crate::files::{Files, write_named};
use crate::finding::Findings;
use crate::input;
use crate::org;
use crate::report::place::Texts;
use crate::report::policy::Outcome as Verdict;
use crate::report::shown::{disarm, line, lines};
use crate::report::{self, Context, Report, Rule, github, gitlab, human, json, junit, markdown, sarif, value};
use crate::resource::{Mode, Presence};
use crate::scan::{self, EvalRow, Outcome};
use crate::suggest::did_you_mean;

/// Nothing to complain about.
const FINE: u8 = 0;
/// Findings at or above `--fail-on`.
const FINDINGS: u8 = 1;
/// The command could not start.
const USAGE: u8 = 2;
/// Not everything could be looked at or decided.
const INCOMPLETE: u8 = 3;

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
    if let Some(message) = cli.command.later() {
        return Err(message);
    }
    match (&cli.command, matches) {
        (Command::Check(arguments), Some(matches)) => check(arguments, matches),
        (Command::Resources(arguments), Some(matches)) => resources(arguments, matches),
        (Command::Eval(arguments), Some(matches)) => eval(arguments, matches),
        (Command::Org(arguments), Some(matches)) => organizations(arguments, matches),
        (Command::Baseline(arguments), Some(matches)) => write_baseline(arguments, matches),
        (Command::Explain(arguments), _) => explain(&arguments.id),
        (Command::Checks(arguments), _) => list(arguments.frameworks),
        (Command::Policy(arguments), _) => policy(arguments),
        _ => Err("not implemented in this version".to_owned()),
    }
}

fn check(arguments: &cli::Check, matches: &ArgMatches) -> Outcomes {
    if let Some(message) = arguments.later() {
        return Err(message);
    }
    known_checks(arguments.only.iter().chain(&arguments.skip))?;
    let destinations = destinations(arguments)?;
    let named = input::Named {
        paths: &arguments.paths,
        stdin: arguments.stdin_filename.as_deref(),
        rules_from: arguments.waivers_from.as_deref(),
    };
    let mut prepared = input::prepare(&named, &arguments.input, matches)?;
    prepared.options.today = arguments.now.unwrap_or(prepared.options.today);
    let baseline = arguments.baseline.as_ref().map(|file| prepared.ruling_file(file)).transpose()?;
    let before = before(arguments, &prepared, matches)?;
    let outcome = scan::check(&*prepared.files, &prepared.options);
    let baseline = match (&baseline, &arguments.baseline) {
        (Some((inner, text)), Some(named)) => {
            let path = inner.as_deref().unwrap_or(named);
            Some(baseline::parse(path, inner.is_some(), text, &outcome.sources)?)
        }
        _ => None,
    };

    let mut findings = outcome.findings;
    filter(&mut findings, arguments);
    let rules = rules();
    let context = Context {
        sources: &outcome.sources,
        files: &*prepared.files,
        rules: &rules,
        counts: outcome.summary,
        strict: arguments.strict,
        baseline: baseline.as_deref(),
        before: before.as_ref(),
    };
    let report = Report::new(findings, &context);
    let mut printed = None;
    for (format, file) in &destinations {
        let terminal = if file.is_some() { human::Style::default() } else { terminal() };
        let style = human::Style { quiet: arguments.quiet, verbose: arguments.verbose, ..terminal };
        let sarif_style = sarif::Style { category: &arguments.category, waived: arguments.sarif_include_waived };
        let text = match format {
            Format::Human => human::render(&report, style),
            Format::Json => json::render(&report),
            Format::Sarif => sarif::render(&report, sarif_style),
            Format::Github => github::render(&report, &random_word()),
            Format::Gitlab => gitlab::render(&report),
            Format::Junit => junit::render(&report),
            Format::Markdown => markdown::render(&report),
        };
        match file {
            Some(file) => write_named(file, text.as_bytes()).map_err(|error| format!("{file}: {error}"))?,
            None => printed = Some(text),
        }
    }
    if let Some(text) = printed {
        print(&text)?;
    }
    let fails = arguments.fail_on.severity().is_some_and(|severity| report.reaches(severity));
    Ok(match (fails, report.is_complete() || arguments.allow_incomplete) {
        (true, _) => FINDINGS,
        (false, false) => INCOMPLETE,
        (false, true) => FINE,
    })
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
    let options = scan::Options { today: prepared.options.today, ..options };
    let report = report_of(scan::check(&files, &options), &files);
    Ok(Some(report.findings.into_iter().map(|item| item.fingerprint).collect()))
}

/// The report on a run with nothing left out.
fn report_of(outcome: Outcome, files: &dyn Files) -> Report {
    let rules = rules();
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

fn write_baseline(arguments: &cli::Baseline, matches: &ArgMatches) -> Outcomes {
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

/// A word that nobody foresees: the standard library draws the keys of its hash tables from the system's randomness.
fn random_word() -> String {
    let draw = || std::hash::RandomState::new().hash_one(0_u8);
    format!("rootlint-{:016x}{:016x}", draw(), draw())
}

/// Which formats go where: standard output for at most one of them.
fn destinations(arguments: &cli::Check) -> Result<Vec<(Format, Option<camino::Utf8PathBuf>)>, String> {
    let mut formats: Vec<_> = arguments.format.iter().map(|format| (format.format, format.file.clone())).collect();
    if formats.is_empty() {
        formats.push((Format::Human, None));
    }
    let mut bare = formats.iter_mut().filter(|(_, file)| file.is_none());
    match (bare.next(), bare.next(), &arguments.output) {
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

fn filter(findings: &mut Findings, arguments: &cli::Check) {
    let is_in = |list: &[String], check: &str| list.iter().any(|id| id == check);
    let wanted =
        |check: &str| (arguments.only.is_empty() || is_in(&arguments.only, check)) && !is_in(&arguments.skip, check);
    findings.findings.retain(|finding| wanted(finding.check) && arguments.min_confidence.admits(finding.confidence));
    findings.undecided.retain(|undecided| wanted(undecided.check));
}

fn known_checks<'a>(mut ids: impl Iterator<Item = &'a String>) -> Result<(), String> {
    ids.try_for_each(|id| known_check(id).map(drop))
}

fn known_check(id: &str) -> Result<&'static checks::Check, String> {
    checks::ALL.iter().find(|check| check.id == id).ok_or_else(|| {
        let hint = did_you_mean(id, checks::ALL.iter().map(|check| check.id));
        let hint = if hint.is_empty() { "; `rootlint checks` lists them".to_owned() } else { hint };
        format!("there is no check `{}`{hint}", line(id))
    })
}

/// What reports say about the checks.
fn rules() -> Vec<Rule> {
    checks::ALL
        .iter()
        .filter_map(|check| {
            let (meta, page) = check.meta().ok()?;
            Some(Rule {
                id: check.id.to_owned(),
                url: url(check.id, &meta),
                title: meta.title,
                severity: Some(meta.severity),
                frameworks: meta.frameworks,
                page: page.to_owned(),
                absence: meta.absence,
            })
        })
        .collect()
}

/// Where to read more: the page where the project is published, else what the check rests on.
fn url(id: &str, meta: &Meta) -> String {
    match env!("CARGO_PKG_REPOSITORY") {
        "" => meta.references.first().cloned().unwrap_or_default(),
        repository => format!("{repository}/blob/main/checks/{id}/README.md"),
    }
}

fn explain(id: &str) -> Outcomes {
    let check = known_check(id)?;
    let (meta, page) = check.meta()?;
    let mut text = format!("{} ({}): {}\n\n{}\n", check.id, meta.severity.name(), meta.title, page.trim_end());
    for (framework, controls) in &meta.frameworks {
        text.push_str(&format!("\n{framework}: {}", controls.join(", ")));
    }
    for reference in &meta.references {
        text.push_str(&format!("\n{reference}"));
    }
    text.push_str(if meta.frameworks.is_empty() && meta.references.is_empty() { "" } else { "\n" });
    print(&text)?;
    Ok(FINE)
}

fn list(frameworks: bool) -> Outcomes {
    let mut text = String::new();
    let width = checks::ALL.iter().map(|check| check.id.len()).max().unwrap_or(0);
    for check in checks::ALL {
        let (meta, _) = check.meta()?;
        text.push_str(&format!("{:width$}  {:8}  {}\n", check.id, meta.severity.name(), meta.title));
        if frameworks {
            for (framework, controls) in &meta.frameworks {
                text.push_str(&format!("{:width$}  {:8}  {framework}: {}\n", "", "", controls.join(", ")));
            }
        }
    }
    print(&text)?;
    Ok(FINE)
}

fn resources(arguments: &cli::Resources, matches: &ArgMatches) -> Outcomes {
    let named = input::Named { paths: &arguments.paths, stdin: None, rules_from: None };
    let input::Prepared { files, options, .. } = input::prepare(&named, &arguments.input, matches)?;
    let (rows, Outcome { findings, sources, summary, .. }) = scan::resources(&*files, &options);
    let mut texts = Texts::default();
    rows.iter().for_each(|row| texts.load(row.span, &sources, &*files));
    let mut lines: Vec<json::ResourceLine<'_>> = rows
        .iter()
        .map(|row| {
            let (presence, condition) = match &row.presence {
                Presence::Certain => ("certain", None),
                Presence::Possible(reason) => ("possible", Some(reason.to_string())),
            };
            json::ResourceLine {
                address: &row.address,
                kind: &row.kind,
                mode: if row.mode == Mode::Data { "data" } else { "managed" },
                project: &row.project,
                presence,
                condition: row.condition.clone().or(condition),
                place: texts.place(row.span),
                attributes: value::to_json(&row.attributes),
                sensitive: value::sensitive(&row.attributes),
            }
        })
        .collect();
    // Rows of one project stay in the order of its own list, which the driver gives.
    lines.sort_by(|a, b| a.project.cmp(b.project));
    let rules = Vec::new();
    let context = Context {
        sources: &sources,
        files: &*files,
        rules: &rules,
        counts: summary,
        strict: false,
        baseline: None,
        before: None,
    };
    let errors = Findings { errors: findings.errors, ..Findings::default() };
    let report = Report::new(errors, &context);
    let text = match arguments.format {
        PlainFormat::Json => json::resources(&lines, &report),
        PlainFormat::Human => human::resources(&lines, &report, terminal()),
    };
    print(&text)?;
    Ok(if report.errors.is_empty() { FINE } else { INCOMPLETE })
}

fn eval(arguments: &cli::Eval, matches: &ArgMatches) -> Outcomes {
    let folder = arguments.folder.clone();
    let named = input::Named { paths: folder.as_slice(), stdin: None, rules_from: None };
    let input::Prepared { files, options, .. } = input::prepare(&named, &arguments.input, matches)?;
    let folder = options.paths.first().cloned().unwrap_or_default();
    let mut failed = None;
    // Not locked: the evaluator reads and writes on a thread with a deep stack.
    let expressions = io::BufReader::new(io::stdin()).lines().map_while(|read| {
        let read = read.map_err(|error| format!("standard input: {error}"));
        let expression = read.and_then(|text| match arguments.json_input {
            false => Ok(text),
            true => serde_json::from_str(&text).map_err(|error| format!("standard input: not a JSON string: {error}")),
        });
        expression.map_err(|error| failed = Some(error)).ok()
    });
    let mut written = Ok(());
    let mut out = io::stdout();
    scan::evaluate(&*files, &options, &folder, expressions, &mut |row| {
        let answer = match &row {
            EvalRow::Value(result) => value::answer(Ok(result)),
            EvalRow::Error(message) => value::answer(Err(message)),
        };
        // Whoever asks may wait for each answer before the next question.
        if written.is_ok() {
            written = writeln!(out, "{answer}").and_then(|()| out.flush());
        }
    });
    forgive_closed_pipe(written)?;
    failed.map_or(Ok(FINE), Err)
}

fn organizations(arguments: &cli::Org, matches: &ArgMatches) -> Outcomes {
    let named = input::Named { paths: &arguments.paths, stdin: None, rules_from: None };
    let input::Prepared { files, options, .. } = input::prepare(&named, &arguments.input, matches)?;
    let (found, settings, outcome) = scan::organizations(&*files, &options);
    let elsewhere = settings.organization.elsewhere.as_ref();
    let answer = org::answer(&found, elsewhere, &outcome.findings, &outcome.sources, &*files);
    let text = match arguments.format {
        OrgFormat::Human => answer.human(terminal()),
        OrgFormat::Json => answer.json(),
        OrgFormat::Dot => answer.dot(),
        OrgFormat::Html => report::org::html(&answer),
    };
    print(&text)?;
    Ok(match answer.outcome() {
        report::org::Outcome::Denied => FINE,
        report::org::Outcome::NotDenied => FINDINGS,
        report::org::Outcome::Unknown => INCOMPLETE,
    })
}

fn policy(arguments: &cli::Policy) -> Outcomes {
    let answer = ask(arguments)?;
    let text = match arguments.format {
        PlainFormat::Json => answer.json(),
        PlainFormat::Human => answer.human(terminal()),
    };
    print(&text)?;
    Ok(match answer.outcome {
        Verdict::Yes => FINE,
        Verdict::No | Verdict::Conditional => FINDINGS,
        Verdict::Unknown | Verdict::Invalid => INCOMPLETE,
    })
}

/// How a report for standard output looks.
fn terminal() -> human::Style {
    let colors = AutoStream::choice(&io::stdout()) != ColorChoice::Never;
    human::Style { colors, width: width(), ..human::Style::default() }
}

fn width() -> usize {
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    columns.filter(|columns| *columns >= 40).unwrap_or(140)
}

/// Prints a finished text, in one go.
fn print(text: &str) -> Result<(), String> {
    let mut out = AutoStream::auto(io::stdout().lock());
    forgive_closed_pipe(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

/// Whoever reads may stop reading (`| head`): that is no error of ours.
fn forgive_closed_pipe(written: io::Result<()>) -> Result<(), String> {
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(format!("standard output: {error}")),
        _ => Ok(()),
    }
}
