//! Scripts and the calls found in them.

use std::collections::BTreeMap;

use super::*;
use crate::source::{Sources, Span};
use crate::text::Piece;
use crate::value::{Kind, Unknown};

mod javascript;
mod python;
mod shell;

#[derive(Default)]
pub(super) struct Fake {
    pub(super) variables: BTreeMap<&'static str, &'static str>,
    pub(super) files: BTreeMap<&'static str, &'static str>,
}

impl Surroundings for Fake {
    fn variable(&self, name: &str) -> Option<Value> {
        self.variables.get(name).map(Value::text)
    }

    fn file(&self, path: &str) -> Option<Text> {
        self.files.get(path).map(|text| Text::from(*text))
    }
}

/// A string as one knows it from a file; `{{name}}` is a part that is not known.
pub(super) fn text(script: &str) -> Text {
    let sources = Sources::default();
    let file = sources.file("script".into());
    let mut pieces = Vec::new();
    let mut at = 0;
    for (index, part) in script.split("{{").enumerate() {
        let literal = match part.split_once("}}").filter(|_| index > 0) {
            Some((name, rest)) => {
                let reason = Reason::new(name, "has no value", None);
                let unknown = Unknown { ty: Type::Text, not_null: true, symbol: None, among: None, reason };
                pieces.push(Piece::Unknown(Arc::new(unknown)));
                at += name.len() + 4;
                rest
            }
            None => part,
        };
        let span = Span::new(file, at, at + literal.len());
        pieces.extend(Text::literal(literal, Some(span), true).pieces());
        at += literal.len();
    }
    Text::from_pieces(pieces)
}

fn user(value: &Value) -> String {
    if let Some(values) = value.alternatives() {
        let shown: Vec<String> =
            values.iter().map(|value| user(&Value { origin: Default::default(), ..value.clone() })).collect();
        return format!("[{}]", shown.join(" "));
    }
    match &value.kind {
        Kind::Text(text) => text
            .pieces()
            .map(|piece| match piece {
                Piece::Literal(literal) => literal.text.to_string(),
                Piece::Unknown(unknown) => format!("<{}>", unknown.reason.missing),
                Piece::Encoded(_) => "...".into(),
            })
            .collect(),
        Kind::Unknown(unknown) => format!("<{}>", unknown.reason.missing),
        other => format!("{other:?}"),
    }
}

/// The calls of a script, one each: the operation (unless it makes a key), the user, the credentials, and the
/// characters that it points to.
pub(super) fn calls_with(script: &str, language: Language, fake: &Fake) -> Vec<String> {
    let found = read(&text(script), language, fake);
    let call = |call: &Call| {
        let mut shown = match call.operation {
            Operation::Create => String::new(),
            other => format!("{other:?} "),
        };
        shown += &match &call.user {
            User::Absent => "nobody".to_owned(),
            User::Named(value) => user(value),
        };
        let credentials =
            [("profile", &call.credentials.profile), ("key", &call.credentials.key), ("role", &call.credentials.role)];
        for (name, value) in credentials {
            shown.extend(value.iter().map(|value| format!(" {name}={}", user(value))));
        }
        let span = call.span.expect("a place");
        let at = script.get(span.start as usize..span.end as usize).unwrap_or("?");
        format!("{shown} @ {at}")
    };
    let mut all: Vec<String> = found.calls.iter().map(call).collect();
    all.extend(found.problems.iter().map(|(why, _)| format!("problem: {why}")));
    all
}

pub(super) fn calls(script: &str, language: Language) -> Vec<String> {
    calls_with(script, language, &Fake::default())
}

/// Notes down a script whose calls are not those expected.
pub(super) fn wrong(all: &mut Vec<String>, script: &str, found: &[String], expected: &[&str]) {
    if found.iter().map(String::as_str).ne(expected.iter().copied()) {
        all.push(format!("{script}\n    found {found:?}\n    expected {expected:?}"));
    }
}

/// Compares the users and credentials of the calls in each script with what is expected: one text, `-` for no call.
pub(super) fn compare(language: Language, head: &str, table: &[(&str, &str)]) {
    let mut all = Vec::new();
    for (script, expected) in table {
        let whole = format!("{head}{script}");
        let found: Vec<String> = calls(&whole, language)
            .into_iter()
            .map(|call| call.split(" @ ").next().unwrap_or_default().to_owned())
            .collect();
        let expected: Vec<&str> = if *expected == "-" { Vec::new() } else { vec![expected] };
        wrong(&mut all, script, &found, &expected);
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}
