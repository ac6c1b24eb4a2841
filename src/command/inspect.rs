//! The commands that answer one question: pages, policies, organizations, resources, expressions.

use std::io::{self, BufRead, Write};

use clap::{ArgMatches, CommandFactory};
use serde_json::json;

use super::{FINDINGS, FINE, INCOMPLETE, Outcomes, forgive_closed_pipe, known_check, print, terminal};
use crate::ask::ask;
use crate::checks;
use crate::cli::{self, Cli, OrgFormat, PlainFormat, ResourcesFormat};
use crate::files::Files;
use crate::finding::Findings;
use crate::guard::Ruleset;
use crate::input;
use crate::org;
use crate::report::place::Texts;
use crate::report::policy::Outcome as Verdict;
use crate::report::shown::{disarm, lines};
use crate::report::{self, Context, Report, human, json as report_json, value};
use crate::resource::{Mode, Presence};
use crate::scan::{self, EvalRow, Outcome};

/// The page of a check, or of a rule of one's own.
pub(super) fn explain(arguments: &cli::Explain) -> Outcomes {
    let id = &arguments.id;
    let own = match known_check(id, &Ruleset::default()) {
        Ok(_) => Ruleset::default(),
        Err(unknown) => input::working_rules(arguments.config.as_deref(), &arguments.rules.rules)
            .map_err(|error| format!("{unknown}; rules of your own cannot be read: {error}"))?,
    };
    if let Some(rule) = own.rule(id) {
        let references = [rule.place.clone()];
        let (severity, title) = (rule.severity, &*rule.title);
        let head = report::page::Head { id, severity, title, frameworks: &[], references: &references };
        // Whoever wrote the rule need not be whoever reads it.
        print(&report::page::of_check(&head, &disarm(&lines(&rule.page)), terminal()))?;
        return Ok(FINE);
    }
    let check = known_check(id, &own)?;
    let (meta, page) = check.meta()?;
    let head = report::page::Head {
        id: check.id,
        severity: meta.severity,
        title: &meta.title,
        frameworks: &meta.controls()?.lines(),
        references: &meta.references,
    };
    print(&report::page::of_check(&head, page, terminal()))?;
    Ok(FINE)
}

pub(super) fn list(frameworks: bool, format: PlainFormat) -> Outcomes {
    if format == PlainFormat::Json {
        return list_as_json(frameworks);
    }
    let mut text = String::new();
    let width = checks::ALL.iter().map(|check| check.id.len()).max().unwrap_or(0);
    for check in checks::ALL {
        let (meta, _) = check.meta()?;
        text.push_str(&format!("{:width$}  {:8}  {}\n", check.id, meta.severity.name(), meta.title));
        if frameworks {
            for (framework, controls) in meta.controls()?.lines() {
                text.push_str(&format!("{:width$}  {:8}  {framework}: {controls}\n", "", ""));
            }
        }
    }
    print(&text)?;
    Ok(FINE)
}

/// The same for a program, each control with who says that it belongs to the check.
fn list_as_json(frameworks: bool) -> Outcomes {
    let mut all = Vec::new();
    for check in checks::ALL {
        let (meta, _) = check.meta()?;
        let mut row = json!({"id": check.id, "severity": meta.severity, "title": meta.title});
        if frameworks {
            let mut by_framework = serde_json::Map::new();
            for (framework, id, sources) in meta.controls()?.iter() {
                let controls = by_framework.entry(framework).or_insert_with(|| json!([]));
                if let Some(controls) = controls.as_array_mut() {
                    controls.push(json!({"id": id, "sources": sources}));
                }
            }
            if let Some(row) = row.as_object_mut() {
                row.insert("frameworks".to_owned(), by_framework.into());
            }
        }
        all.push(row);
    }
    let text =
        serde_json::to_string_pretty(&json!({"version": 1, "checks": all})).map_err(|error| error.to_string())?;
    print(&format!("{text}\n"))?;
    Ok(FINE)
}

pub(super) fn resources(arguments: &cli::Resources, matches: &ArgMatches) -> Outcomes {
    let named = input::Named { paths: &arguments.paths, stdin: None, rules_from: None };
    let input::Prepared { files, options, .. } = input::prepare(&named, &arguments.input, matches)?;
    let format = match arguments.format {
        ResourcesFormat::Plain(format) => format,
        ResourcesFormat::Guard => return rule_documents(&*files, &options),
    };
    let (rows, Outcome { findings, sources, summary, .. }) = scan::resources(&*files, &options);
    let mut texts = Texts::default();
    rows.iter().for_each(|row| texts.load(row.span, &sources, &*files));
    let mut lines: Vec<report_json::ResourceLine<'_>> = rows
        .iter()
        .map(|row| {
            let (presence, condition) = match &row.presence {
                Presence::Certain => ("certain", None),
                Presence::Possible(reason) => ("possible", Some(reason.to_string())),
            };
            report_json::ResourceLine {
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
    let report = report_of_errors(Outcome { findings, sources, summary }, &*files);
    let text = match format {
        PlainFormat::Json => report_json::resources(&lines, &report),
        PlainFormat::Human => human::resources(&lines, &report, terminal()),
    };
    print(&text)?;
    Ok(if report.errors.is_empty() { FINE } else { INCOMPLETE })
}

/// The document of the only project; those of several projects by their paths. Errors go to standard error.
fn rule_documents(files: &dyn Files, options: &scan::Options) -> Outcomes {
    let (mut documents, outcome) = scan::rule_documents(files, options);
    let report = report_of_errors(outcome, files);
    let document = match documents.len() {
        1 => documents.pop().map(|(_, document)| document).unwrap_or_default(),
        _ => documents.into_iter().map(|(path, document)| (path.to_string(), document)).collect(),
    };
    for error in &report.errors {
        let text = format!("error: {}:{}: {}", error.place.path, error.place.start.line, error.what.message);
        let _ = writeln!(anstream::stderr(), "{}", disarm(&lines(&text)));
    }
    print(&report_json::text(&document))?;
    Ok(if report.errors.is_empty() { FINE } else { INCOMPLETE })
}

/// A report on what could not be read, and nothing else.
fn report_of_errors(outcome: Outcome, files: &dyn Files) -> Report {
    let context = Context::plain(&outcome.sources, files, &[], outcome.summary);
    Report::new(Findings { errors: outcome.findings.errors, ..Findings::default() }, &context)
}

pub(super) fn eval(arguments: &cli::Eval, matches: &ArgMatches) -> Outcomes {
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

pub(super) fn organizations(arguments: &cli::Org, matches: &ArgMatches) -> Outcomes {
    let named = input::Named { paths: &arguments.paths, stdin: None, rules_from: None };
    let mut prepared = input::prepare(&named, &arguments.input, matches)?;
    prepared.join(&arguments.facts, true)?;
    let input::Prepared { files, options, .. } = prepared;
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

pub(super) fn policy(arguments: &cli::Policy) -> Outcomes {
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

/// Completions for a shell.
pub(super) fn completions(shell: clap_complete::Shell) -> Outcomes {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), env!("CARGO_PKG_NAME"), &mut text);
    print(&String::from_utf8_lossy(&text))?;
    Ok(FINE)
}

/// The manual page: the program, then each of its commands.
pub(super) fn manual() -> Outcomes {
    let mut command = Cli::command();
    command.build();
    let mut text = Vec::new();
    let commands = command.get_subcommands().filter(|command| !command.is_hide_set() && command.get_name() != "help");
    let written = clap_mangen::Man::new(command.clone()).render(&mut text).and_then(|()| {
        commands.into_iter().try_for_each(|command| {
            let name = command.get_display_name().unwrap_or(command.get_name()).replace('-', "\\-");
            writeln!(text, ".SH {}", name.to_uppercase())?;
            let page = clap_mangen::Man::new(command.clone());
            page.render_description_section(&mut text)?;
            page.render_options_section(&mut text)
        })
    });
    written.map_err(|error| error.to_string())?;
    print(&String::from_utf8_lossy(&text))?;
    Ok(FINE)
}
