//! Whether an event matches.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;
use regex::Regex;
use serde_json::Value as Json;

use super::pattern::{Around, Pattern};

/// What an event must be like.
#[derive(Clone, Debug)]
pub(super) enum Expression {
    /// What stands in a field.
    Field(Field, Test),
    /// Any text anywhere in the event.
    Keyword(Pattern),
    /// All of these.
    And(Vec<Arc<Expression>>),
    /// One of these.
    Or(Vec<Arc<Expression>>),
    /// Not this.
    Not(Arc<Expression>),
}

/// The name of a field, with dots for those inside others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field(pub(super) String);

/// What is asked of the values of a field.
#[derive(Clone, Debug)]
pub(super) enum Test {
    /// There is none but null.
    Null,
    /// There is one, null included, or there is none.
    Exists(bool),
    /// One is this text.
    Text(Pattern),
    /// In one of them this is found.
    Regex(Regex),
    /// One is an address of this network.
    Cidr(IpNet),
    /// One is a number that compares so.
    Compare(Order, f64),
    /// One is what stands in another field.
    Same(Field, Around, bool),
}

/// How numbers compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Expression {
    /// Whether an event matches.
    pub(super) fn matches(&self, event: &Json) -> bool {
        match self {
            Self::Field(field, test) => test.holds(&field.values(event), event),
            Self::Keyword(pattern) => has_text(event, &mut |text| pattern.matches(text)),
            Self::And(parts) => parts.iter().all(|part| part.matches(event)),
            Self::Or(parts) => parts.iter().any(|part| part.matches(event)),
            Self::Not(inner) => !inner.matches(event),
        }
    }
}

impl Field {
    /// Everything that stands in the field. Where there is a list on the way or at its end, its elements count.
    fn values<'e>(&self, event: &'e Json) -> Vec<&'e Json> {
        let mut found = Vec::new();
        walk(event, &self.0, &mut found);
        found
    }
}

fn walk<'e>(value: &'e Json, path: &str, found: &mut Vec<&'e Json>) {
    match value {
        Json::Array(elements) => elements.iter().for_each(|element| walk(element, path, found)),
        Json::Object(_) if path.is_empty() => found.push(value),
        Json::Object(fields) => {
            if let Some(inner) = fields.get(path) {
                walk(inner, "", found);
            }
            // A name may have dots itself.
            for (at, _) in path.match_indices('.') {
                let (head, tail) = (path.get(..at).unwrap_or_default(), path.get(at + 1..).unwrap_or_default());
                if let Some(inner) = fields.get(head) {
                    walk(inner, tail, found);
                }
            }
        }
        scalar if path.is_empty() => found.push(scalar),
        _ => {}
    }
}

/// Whether a text or number anywhere in a value passes a test.
fn has_text(value: &Json, test: &mut impl FnMut(&str) -> bool) -> bool {
    match value {
        Json::Array(elements) => elements.iter().any(|element| has_text(element, test)),
        Json::Object(fields) => fields.values().any(|field| has_text(field, test)),
        Json::Null => false,
        scalar => with_text(scalar, test),
    }
}

/// A value as text: an object is its JSON, as systems that flatten events have it.
fn with_text(value: &Json, test: &mut impl FnMut(&str) -> bool) -> bool {
    match value {
        Json::String(text) => test(text),
        other => test(&other.to_string()),
    }
}

impl Test {
    fn holds(&self, values: &[&Json], event: &Json) -> bool {
        let mut there = values.iter().copied().filter(|value| !value.is_null());
        match self {
            Self::Null => there.next().is_none(),
            Self::Exists(wanted) => values.is_empty() != *wanted,
            Self::Text(pattern) => there.any(|value| with_text(value, &mut |text| pattern.matches(text))),
            Self::Regex(regex) => there.any(|value| with_text(value, &mut |text| regex.is_match(text))),
            Self::Cidr(network) => there.any(|value| {
                value.as_str().and_then(|text| text.parse::<IpAddr>().ok()).is_some_and(|ip| network.contains(&ip))
            }),
            Self::Compare(order, than) => {
                there.any(|value| number(value).is_some_and(|found| order.holds(found, *than)))
            }
            Self::Same(other, around, cased) => {
                let others = other.values(event);
                let mut patterns = Vec::new();
                for other in others.into_iter().filter(|other| !other.is_null()) {
                    with_text(other, &mut |text| {
                        patterns.push(Pattern::literal(text, *around, *cased));
                        false
                    });
                }
                let is_one = |text: &str| patterns.iter().any(|pattern| pattern.matches(text));
                there.any(|value| with_text(value, &mut |text| is_one(text)))
            }
        }
    }
}

fn number(value: &Json) -> Option<f64> {
    match value {
        Json::Number(number) => number.as_f64(),
        Json::String(text) => text.parse().ok(),
        _ => None,
    }
}

impl Order {
    fn holds(self, found: f64, than: f64) -> bool {
        match self {
            Self::Less => found < than,
            Self::LessOrEqual => found <= than,
            Self::Greater => found > than,
            Self::GreaterOrEqual => found >= than,
        }
    }
}
