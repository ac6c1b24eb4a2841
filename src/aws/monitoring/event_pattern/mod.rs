//! Event patterns of EventBridge.
//!
//! The rules are those of the EventBridge user guide, "Comparison operators for use in event patterns", and of the
//! library that implements them (<https://github.com/aws/event-ruler>).

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::Value as Json;

use super::answer::Answer;
use super::event::{Domain, Found};
use super::glob::Glob;
use crate::source::Span;
use crate::value::Reason;

mod parse;

pub use super::filter_pattern::PatternError;
pub use parse::parse;

/// A pattern that EventBridge takes.
#[derive(Clone, Debug, PartialEq)]
pub struct EventPattern(Fields);

/// What must hold of the fields of an object: all of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fields {
    fields: Vec<(String, Node)>,
    /// `$or`: of each list, one must hold.
    ors: Vec<Vec<Fields>>,
}

/// What must hold of a field.
#[derive(Clone, Debug, PartialEq)]
enum Node {
    /// Of its fields.
    Object(Fields),
    /// Of its value: one of these.
    Leaf(Vec<Matcher>, Option<Span>),
    /// It is not known.
    Unknown(Reason),
}

/// What a value may be.
#[derive(Clone, Debug, PartialEq)]
enum Matcher {
    /// This number, truth value or null.
    Is(Json),
    /// A string.
    Text(TextTest),
    /// `exists`
    Exists(bool),
    /// `anything-but` these numbers or truth values.
    NotThese(Vec<Json>),
    /// `anything-but` these strings.
    NotText(Vec<TextTest>),
    /// `numeric`
    Numeric(Vec<(Order, f64)>),
    /// `cidr`
    Cidr(IpNet),
    /// What it may be is not known.
    Unknown(Reason),
}

/// A test of a string: a string with wildcards, in any case perhaps.
#[derive(Clone, Debug, PartialEq)]
struct TextTest {
    glob: Glob,
    ignore_case: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Equal,
    Less,
    AtMost,
    More,
    AtLeast,
}

/// A field that keeps a pattern from matching an event.
#[derive(Clone, Debug)]
pub struct Failing {
    /// The way to it: `detail.userIdentity.type`.
    pub path: Vec<String>,
    /// Where its values are written.
    pub span: Option<Span>,
}

impl EventPattern {
    /// Whether it matches an event.
    pub fn matches(&self, event: &Json) -> Answer {
        self.0.matches(Found::of(event))
    }

    /// The fields that keep it from matching an event that it does not match: fewest first.
    pub fn failing(&self, event: &Json) -> Vec<Failing> {
        let mut found = Vec::new();
        self.0.failing(Found::of(event), &mut Vec::new(), &mut found);
        found
    }

    /// Whether it says something about a field.
    pub fn mentions(&self, path: &[&str]) -> bool {
        self.0.mentions(path)
    }
}

impl Fields {
    fn matches(&self, event: Found<'_>) -> Answer {
        // One of several elements is enough, but it alone must pass all of it.
        if let Found::Known(Json::Array(elements)) = event {
            return elements.iter().fold(Answer::No, |any, element| any.or(self.matches(Found::of(element))));
        }
        let fields = self.fields.iter().map(|(name, node)| node.matches(event.field(name)));
        let ors = self.ors.iter().map(|any| any.iter().fold(Answer::No, |any, one| any.or(one.matches(event))));
        fields.chain(ors).fold(Answer::Yes, Answer::and)
    }

    fn failing(&self, event: Found<'_>, path: &mut Vec<String>, found: &mut Vec<Failing>) {
        for (name, node) in &self.fields {
            let value = event.field(name);
            if node.matches(value) != Answer::No {
                continue;
            }
            path.push(name.clone());
            match node {
                Node::Object(fields) => fields.failing(value, path, found),
                Node::Leaf(_, span) => found.push(Failing { path: path.clone(), span: *span }),
                Node::Unknown(_) => {}
            }
            path.pop();
        }
        for any in &self.ors {
            if any.iter().any(|one| one.matches(event) != Answer::No) {
                continue;
            }
            let all = any.iter().map(|one| {
                let mut found = Vec::new();
                one.failing(event, path, &mut found);
                found
            });
            found.extend(all.min_by_key(Vec::len).unwrap_or_default());
        }
    }

    fn mentions(&self, path: &[&str]) -> bool {
        let Some((first, rest)) = path.split_first() else { return true };
        let inside = |(name, node): &(String, Node)| {
            name == first
                && match node {
                    Node::Object(fields) => fields.mentions(rest),
                    Node::Leaf(..) | Node::Unknown(_) => rest.is_empty(),
                }
        };
        self.fields.iter().any(inside) || self.ors.iter().flatten().any(|fields| fields.mentions(path))
    }
}

impl Node {
    fn matches(&self, event: Found<'_>) -> Answer {
        match self {
            Self::Object(fields) => fields.matches(event),
            Self::Leaf(matchers, _) => matchers.iter().fold(Answer::No, |any, matcher| any.or(matcher.holds(event))),
            Self::Unknown(reason) => Answer::Unknown(reason.clone()),
        }
    }
}

impl Matcher {
    fn holds(&self, event: Found<'_>) -> Answer {
        let value = match event {
            Found::Any(domain) => return self.holds_in(domain),
            // Only values count: to a pattern, an object is not there itself.
            Found::Missing | Found::Known(Json::Object(_)) => None,
            Found::Known(value) => Some(value),
        };
        match (self, value) {
            (Self::Unknown(reason), _) => Answer::Unknown(reason.clone()),
            (Self::Exists(exists), value) => (value.is_some() == *exists).into(),
            (_, None) => Answer::No,
            // One of several elements is enough.
            (_, Some(Json::Array(elements))) => {
                elements.iter().fold(Answer::No, |any, element| any.or(self.holds(Found::of(element))))
            }
            (_, Some(value)) => self.matches(value),
        }
    }

    fn matches(&self, value: &Json) -> Answer {
        match (self, value) {
            (Self::Is(own), value) => same(own, value).into(),
            (Self::Text(test), Json::String(text)) => test.matches(text),
            (Self::NotThese(all), value) => (!all.iter().any(|one| same(one, value))).into(),
            (Self::NotText(tests), Json::String(text)) => none_of(tests, text),
            (Self::NotText(_), _) => Answer::Yes,
            (Self::Numeric(tests), Json::Number(number)) => match number.as_f64() {
                Some(number) => tests.iter().all(|(order, limit)| order.holds(number, *limit)).into(),
                None => Answer::No,
            },
            (Self::Cidr(net), Json::String(text)) => {
                text.parse::<IpAddr>().is_ok_and(|address| net.contains(&address)).into()
            }
            _ => Answer::No,
        }
    }

    fn holds_in(&self, domain: Domain<'_>) -> Answer {
        match self {
            Self::Unknown(reason) => Answer::Unknown(reason.clone()),
            Self::Text(test) => {
                let only = test.glob.as_str().filter(|_| !test.ignore_case);
                domain.test(|text| test.matches(text), only.as_deref())
            }
            Self::NotText(tests) => domain.test(|text| none_of(tests, text), None),
            _ => Answer::Open,
        }
    }
}

fn none_of(tests: &[TextTest], text: &str) -> Answer {
    tests.iter().fold(Answer::No, |any, test| any.or(test.matches(text))).negated()
}

fn same(one: &Json, other: &Json) -> bool {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    }
}

impl TextTest {
    fn matches(&self, text: &str) -> Answer {
        self.glob.matches(text, self.ignore_case)
    }
}

impl Order {
    fn holds(self, value: f64, limit: f64) -> bool {
        match self {
            Self::Equal => value == limit,
            Self::Less => value < limit,
            Self::AtMost => value <= limit,
            Self::More => value > limit,
            Self::AtLeast => value >= limit,
        }
    }
}

#[cfg(test)]
mod tests;
