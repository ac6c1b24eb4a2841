//! Tests of rules, in the form that `cfn-guard test` has: a list of inputs, each with the status that rules must have.

use std::collections::BTreeMap;

use cloudformation_guard_lang::path_value::{Location, Path, PathAwareValue};
use cloudformation_guard_lang::{SHORT_FORM_TO_LONG_MAPPING, Status};

use super::document::{Document, map_value};
use super::{RuleFile, engine, parse};
use crate::source::Span;
use crate::syntax::node::{Node, NodeKind, Scalar, Style};
use crate::syntax::{json, yaml};

/// One test of a file of tests.
#[derive(Debug)]
pub struct Case {
    /// Its name, or its number.
    pub name: String,
    /// What becomes of each rule that it names.
    pub outcomes: Vec<Outcome>,
}

/// What became of a rule in a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The rule.
    pub rule: String,
    /// `PASS`, `FAIL` or `SKIP`.
    pub expected: String,
    /// The same, or why the rule could not be evaluated.
    pub actual: Result<String, String>,
    /// Where the expectation is written.
    pub span: Span,
}

/// Runs the tests in a text over the rules of a file. `is_json` says how the text is written.
///
/// # Errors
/// What is no test, and where.
pub fn cases(rules: &RuleFile, text: &str, is_json: bool, base: Span) -> Result<Vec<Case>, (String, Span)> {
    let said = |error: crate::syntax::node::SyntaxError| (error.message, error.span);
    let documents = if is_json {
        vec![json::parse_at(text, base).map_err(said)?]
    } else {
        yaml::parse_at(text, base).map_err(said)?
    };
    let wrong = |message: &str, span: Span| (message.to_owned(), span);
    let Ok(Some((parsed, _))) = parse(&rules.text) else { return Ok(Vec::new()) };
    let mut run = Vec::new();
    for document in &documents {
        let tests = document.as_sequence().ok_or_else(|| wrong("expected a list of tests", document.span))?;
        for test in tests {
            test.as_mapping().ok_or_else(|| wrong("expected a test: name, input, expectations", test.span))?;
            let input = test.get("input").ok_or_else(|| wrong("the test has no `input`", test.span))?;
            let expected = test.get("expectations").and_then(|expectations| expectations.get("rules"));
            let expected = expected.ok_or_else(|| wrong("the test has no `expectations: rules:`", test.span))?;
            let expected =
                expected.as_mapping().ok_or_else(|| wrong("expected a rule and its status", expected.span))?;
            let document = Document::plain(value(input));
            let statuses = statuses(engine::evaluate(&parsed, &document));
            let mut outcomes = Vec::new();
            for (name, status) in expected {
                let rule = name.as_str().ok_or_else(|| wrong("expected the name of a rule", name.span))?;
                let expected = status.as_str().filter(|status| matches!(*status, "PASS" | "FAIL" | "SKIP"));
                let expected = expected.ok_or_else(|| wrong("expected PASS, FAIL or SKIP", status.span))?;
                let actual = statuses.get(rule).cloned();
                let actual = actual.unwrap_or_else(|| Err(format!("there is no such rule in {}", rules.path())));
                outcomes.push(Outcome {
                    rule: rule.to_owned(),
                    expected: expected.to_owned(),
                    actual,
                    span: status.span,
                });
            }
            let name = test.get("name").and_then(Node::as_str).map(str::to_owned);
            run.push(Case { name: name.unwrap_or_else(|| format!("#{}", run.len() + 1)), outcomes });
        }
    }
    Ok(run)
}

/// The status of each name: rules of one name together fail if one of them does, and are skipped if all are.
fn statuses(verdicts: Vec<(&str, Result<engine::Verdict, String>)>) -> BTreeMap<String, Result<String, String>> {
    let rank = |status: &Result<String, String>| match status.as_deref() {
        Err(_) => 3,
        Ok("FAIL") => 2,
        Ok("PASS") => 1,
        Ok(_) => 0,
    };
    let mut all: BTreeMap<String, Result<String, String>> = BTreeMap::new();
    for (name, verdict) in verdicts {
        let status = verdict.map(|verdict| word(verdict.status).to_owned());
        match all.get(name) {
            Some(known) if rank(known) >= rank(&status) => {}
            _ => drop(all.insert(name.to_owned(), status)),
        }
    }
    all
}

fn word(status: Status) -> &'static str {
    match status {
        Status::PASS => "PASS",
        Status::FAIL => "FAIL",
        Status::SKIP => "SKIP",
    }
}

fn path() -> Path {
    Path(String::new(), Location::default())
}

/// An input as it is written: functions of CloudFormation stay functions, in their long form.
fn value(node: &Node) -> PathAwareValue {
    let plain = match &node.kind {
        NodeKind::Scalar(scalar) => self::scalar(scalar, node),
        NodeKind::Sequence(elements) => PathAwareValue::List((path(), elements.iter().map(value).collect())),
        NodeKind::Mapping(entries) => {
            let entry = |(key, part): &(Node, Node)| (key.as_str().unwrap_or_default().to_owned(), value(part));
            map_value(path(), entries.iter().map(entry).collect())
        }
        NodeKind::Hole(_) => PathAwareValue::Null(path()),
    };
    let function = node.tag.as_ref().and_then(|tag| tag.name.strip_prefix('!'));
    match function.and_then(|name| SHORT_FORM_TO_LONG_MAPPING.get(name)) {
        Some(long) => {
            // `!GetAtt a.b` is a list of two.
            let inner = match &plain {
                PathAwareValue::String((_, text)) if *long == "Fn::GetAtt" => {
                    let parts = text.split('.').map(|part| PathAwareValue::String((path(), part.to_owned())));
                    PathAwareValue::List((path(), parts.collect()))
                }
                _ => plain,
            };
            map_value(path(), vec![((*long).to_owned(), inner)])
        }
        None => plain,
    }
}

fn scalar(scalar: &Scalar, node: &Node) -> PathAwareValue {
    let text = || PathAwareValue::String((path(), scalar.text.to_string()));
    if scalar.style == Style::Text || node.tag.is_some() {
        return text();
    }
    match &*scalar.text {
        "" | "~" | "null" | "Null" | "NULL" => PathAwareValue::Null(path()),
        "true" | "True" | "TRUE" => PathAwareValue::Bool((path(), true)),
        "false" | "False" | "FALSE" => PathAwareValue::Bool((path(), false)),
        plain => match (plain.parse::<i64>(), plain.parse::<f64>()) {
            (Ok(integer), _) => PathAwareValue::Int((path(), integer)),
            (_, Ok(number)) if plain.contains(|c: char| c.is_ascii_digit()) => PathAwareValue::Float((path(), number)),
            _ => text(),
        },
    }
}
