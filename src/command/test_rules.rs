//! `rootlint test-rules`.

use camino::Utf8Path;
use serde_json::{Value as Json, json};

use super::{FINDINGS, FINE, INCOMPLETE, Outcomes, print};
use crate::cli::{self, PlainFormat};
use crate::guard::{self, Case};
use crate::input::{self, Tested};
use crate::report::json;
use crate::report::shown::{disarm, lines};
use crate::scan;
use crate::source::{LineIndex, Sources, Span};

/// What became of one file of tests.
struct Run<'t> {
    rules: &'t Utf8Path,
    path: &'t Utf8Path,
    cases: Vec<Case>,
    lines: LineIndex,
    text: &'t str,
}

impl Run<'_> {
    fn line(&self, span: Span) -> u32 {
        self.lines.position(self.text, span.start).line
    }
}

pub(super) fn test_rules(arguments: &cli::TestRules) -> Outcomes {
    let config = arguments.config.as_deref();
    let all = input::tested(&arguments.paths, &arguments.test_data, config, &arguments.rules.rules)?;
    let runs = scan::on_deep_stack(|| all.iter().flat_map(runs).collect::<Result<Vec<_>, _>>())?;
    let untested: Vec<&Utf8Path> =
        all.iter().filter(|tested| tested.tests.is_empty()).map(|tested| tested.rules.path()).collect();
    let outcomes = || runs.iter().flat_map(|run| &run.cases).flat_map(|case| &case.outcomes);
    let failed = outcomes().filter(|outcome| outcome.actual.as_ref() != Ok(&outcome.expected)).count();
    let tests = runs.iter().map(|run| run.cases.len()).sum::<usize>();
    match arguments.format {
        PlainFormat::Human => {
            let text = disarm(&lines(&human(&runs, &untested, tests, failed)));
            print(&format!("{}\n", text.trim_end()))?;
        }
        PlainFormat::Json => print(&json::text(&as_json(&runs, &untested, tests, failed)))?,
    }
    Ok(match (failed, tests) {
        (0, 0) => INCOMPLETE,
        (0, _) => FINE,
        _ => FINDINGS,
    })
}

fn runs(tested: &Tested) -> Vec<Result<Run<'_>, String>> {
    let run = |(path, text): &'_ (camino::Utf8PathBuf, String)| -> Result<(Vec<Case>, LineIndex), String> {
        let index = LineIndex::new(text);
        let is_json = matches!(path.extension(), Some("json" | "jsn"));
        let base = Span::start_of(Sources::default().virtual_file(path.as_str(), text));
        match guard::cases(&tested.rules, text, is_json, base) {
            Ok(cases) => Ok((cases, index)),
            Err((message, span)) => {
                let at = index.position(text, span.start);
                Err(format!("{path}:{}:{}: {message}", at.line, at.column))
            }
        }
    };
    let all = tested.tests.iter().map(|test| {
        let (cases, lines) = run(test)?;
        Ok(Run { rules: tested.rules.path(), path: &test.0, cases, lines, text: &test.1 })
    });
    all.collect()
}

fn human(runs: &[Run<'_>], untested: &[&Utf8Path], tests: usize, failed: usize) -> String {
    let mut text = String::new();
    for run in runs {
        text.push_str(&format!("{} ({})\n", run.rules, run.path));
        for case in &run.cases {
            let wrong: Vec<_> =
                case.outcomes.iter().filter(|outcome| outcome.actual.as_ref() != Ok(&outcome.expected)).collect();
            text.push_str(&format!("  {}  {}\n", if wrong.is_empty() { "ok    " } else { "FAILED" }, case.name));
            for outcome in wrong {
                let said = match &outcome.actual {
                    Ok(actual) => format!("is {actual}"),
                    Err(error) => format!("could not be evaluated: {error}"),
                };
                let line = run.line(outcome.span);
                let expected = &outcome.expected;
                text.push_str(&format!("    {}:{line}: `{}` {said}, expected {expected}\n", run.path, outcome.rule));
            }
        }
    }
    for path in untested {
        text.push_str(&format!("{path}: no tests\n"));
    }
    text.push_str(&format!("{tests} tests, {failed} expectations not met\n"));
    text
}

fn as_json(runs: &[Run<'_>], untested: &[&Utf8Path], tests: usize, failed: usize) -> Json {
    let mut results = Vec::new();
    for run in runs {
        for case in &run.cases {
            for outcome in &case.outcomes {
                results.push(json!({
                    "rules": run.rules.as_str(),
                    "tests": run.path.as_str(),
                    "line": run.line(outcome.span),
                    "name": case.name,
                    "rule": outcome.rule,
                    "expected": outcome.expected,
                    "actual": outcome.actual.as_ref().ok(),
                    "error": outcome.actual.as_ref().err(),
                    "ok": outcome.actual.as_ref() == Ok(&outcome.expected),
                }));
            }
        }
    }
    let untested: Vec<&str> = untested.iter().map(|path| path.as_str()).collect();
    json!({"version": 1, "results": results, "untested": untested, "summary": {"tests": tests, "failed": failed}})
}
