//! Sigma rules: detections that are looked for in events, each event on its own.
//!
//! The Sigma specification 2.0 but for correlations, filters, aggregations, placeholders and a few modifiers; docs/cloudtrail.md
//! has the list. What is not supported is an error at its place, never a rule that is run by half.

use std::sync::Arc;

use serde_json::Value as Json;

use crate::finding::{Diagnostic, Severity};
use crate::source::{FileId, Span};
use crate::syntax::node::Node;
use crate::syntax::yaml;

mod condition;
mod detection;
mod matching;
mod needles;
mod pattern;

pub use needles::Filter;

use matching::Expression;

/// A rule that Sigma would refuse, too.
const INVALID: &str = "sigma-invalid";

/// A rule that uses what rootlint does not have.
const UNSUPPORTED: &str = "sigma-unsupported";

/// A rule, ready to be run.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its id; without one, the name of its file.
    pub id: Arc<str>,
    /// One line: what it detects.
    pub title: Arc<str>,
    /// How bad that is.
    pub level: Severity,
    /// More words about it.
    pub description: String,
    /// Links.
    pub references: Vec<String>,
    /// Where it is written.
    pub span: Span,
    expression: Arc<Expression>,
}

/// The logs that rules are taken for.
#[derive(Clone, Copy, Debug)]
pub struct LogSource {
    /// As in `aws`.
    pub product: &'static str,
    /// As in `cloudtrail`.
    pub service: &'static str,
}

/// What a file holds.
#[derive(Debug, Default)]
pub struct Parsed {
    /// Rules for the logs.
    pub rules: Vec<Rule>,
    /// How many are for other logs.
    pub others: usize,
    /// What cannot be read or run.
    pub errors: Vec<Diagnostic>,
}

impl Rule {
    /// Whether it fires for an event.
    pub fn matches(&self, event: &Json) -> bool {
        self.expression.matches(event)
    }
}

/// A filter that lets through every event for which one of the rules may fire.
pub fn filter<'r>(rules: impl Iterator<Item = &'r Rule>) -> Filter {
    Filter::new(rules.map(|rule| &*rule.expression))
}

/// Reads the rules of a file, whose name without its ending stands for missing ids.
pub fn parse(text: &str, file: FileId, name: &str, logs: LogSource) -> Parsed {
    let mut parsed = Parsed::default();
    match yaml::parse(text, file) {
        Err(error) => parsed.errors.push(Diagnostic::new("yaml-syntax", error.message, error.span)),
        Ok(documents) => {
            for document in &documents {
                match rule(document, name, logs) {
                    Ok(Some(rule)) => parsed.rules.push(rule),
                    Ok(None) => parsed.others += 1,
                    Err(error) => parsed.errors.push(error),
                }
            }
        }
    }
    parsed
}

fn rule(document: &Node, name: &str, logs: LogSource) -> Result<Option<Rule>, Diagnostic> {
    let invalid = |message: &str, span| Diagnostic::new(INVALID, message, span);
    let Some(entries) = document.as_mapping() else {
        return Err(invalid("a rule has `title`, `logsource` and `detection`", document.span));
    };
    for (key, _) in entries {
        if let Some(what @ ("correlation" | "filter" | "action")) = key.as_str() {
            return Err(Diagnostic::new(UNSUPPORTED, format!("`{what}`: only single rules are run"), key.span));
        }
    }
    let source = document.get("logsource").ok_or_else(|| invalid("there is no `logsource`", document.span))?;
    if source.as_mapping().is_none() {
        return Err(invalid("`logsource` has `product` and `service`", source.span));
    }
    let is = |key: &str, wanted: &str| {
        source.get(key).and_then(Node::as_str).is_none_or(|text| text.eq_ignore_ascii_case(wanted))
    };
    let named = source.get("product").or_else(|| source.get("service")).is_some();
    if !named || source.get("category").is_some() || !is("product", logs.product) || !is("service", logs.service) {
        return Ok(None);
    }
    let text = |key: &str| document.get(key).and_then(Node::as_str).map(str::trim).filter(|text| !text.is_empty());
    let title = text("title").ok_or_else(|| invalid("there is no `title`", document.span))?;
    let level = match document.get("level") {
        None => Severity::Medium,
        Some(node) => match node.as_str().unwrap_or_default().to_ascii_lowercase().as_str() {
            "informational" => Severity::Info,
            "low" => Severity::Low,
            "medium" => Severity::Medium,
            "high" => Severity::High,
            "critical" => Severity::Critical,
            _ => return Err(invalid("a level is informational, low, medium, high or critical", node.span)),
        },
    };
    let detection = document.get("detection").ok_or_else(|| invalid("there is no `detection`", document.span))?;
    let references = document.get("references").and_then(Node::as_sequence).unwrap_or_default();
    Ok(Some(Rule {
        id: id(text("id").unwrap_or(name)),
        title: title.into(),
        level,
        description: text("description").unwrap_or_default().to_owned(),
        references: references.iter().filter_map(Node::as_str).map(str::to_owned).collect(),
        span: document.get("title").map_or(document.span, |title| title.span),
        expression: detection::read(detection)?,
    }))
}

/// An id that can stand in an option and in a report.
fn id(text: &str) -> Arc<str> {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' };
    text.chars().take(100).map(plain).collect::<String>().into()
}

#[cfg(test)]
mod tests;
