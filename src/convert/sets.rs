//! Sets: the order of their elements, without duplicates.

use std::sync::Arc;

use crate::number::Number;
use crate::types::Type;
use crate::value::{Fields, Kind, Marks, Value};

use super::equal;

/// A set of these elements: duplicates removed, in the order in which Terraform prints it. A set cannot hold sensitive
/// elements: it is sensitive itself then.
pub fn set(element: Type, elements: Vec<Value>) -> Value {
    let sensitive = elements.iter().fold(Marks::NONE, |marks, value| marks.union(&value.deep_marks()));
    let elements: Vec<Value> =
        if sensitive.contains(&Marks::SENSITIVE) { elements.iter().map(without_sensitive).collect() } else { elements };
    let mut keyed: Vec<(SetKey, Value)> = elements.into_iter().map(|value| (SetKey::of(&value), value)).collect();
    keyed.sort_by(|(a, _), (b, _)| a.cmp(b));
    let mut kept: Vec<(SetKey, Value)> = Vec::with_capacity(keyed.len());
    for (key, value) in keyed {
        let alike = kept.iter().rev().take_while(|(other, _)| *other == key);
        if !alike.into_iter().any(|(_, other)| matches!(equal(other, &value), Ok(true))) {
            kept.push((key, value));
        }
    }
    let elements = kept.into_iter().map(|(_, value)| value).collect();
    let marks = if sensitive.contains(&Marks::SENSITIVE) { Marks::SENSITIVE } else { Marks::NONE };
    Value::new(Kind::Set(element, Arc::new(elements))).mark(&marks)
}

/// The value without Terraform's mark, at any depth.
pub fn without_sensitive(value: &Value) -> Value {
    if !value.deep_marks().contains(&Marks::SENSITIVE) {
        return value.clone();
    }
    let all = |elements: &[Value]| Arc::new(elements.iter().map(without_sensitive).collect::<Vec<_>>());
    let each = |fields: &Fields| {
        let mut clean = Fields::default();
        for (key, field) in fields.fields() {
            clean.insert(Arc::clone(key), field.key_span, without_sensitive(&field.value));
        }
        Arc::new(clean)
    };
    let kind = match &value.kind {
        Kind::Tuple(elements) => Kind::Tuple(all(elements)),
        Kind::List(ty, elements) => Kind::List(ty.clone(), all(elements)),
        Kind::Set(ty, elements) => Kind::Set(ty.clone(), all(elements)),
        Kind::Object(fields) => Kind::Object(each(fields)),
        Kind::Map(ty, fields) => Kind::Map(ty.clone(), each(fields)),
        other => other.clone(),
    };
    Value { kind, origin: value.origin.clone(), marks: value.marks.clone().without(&Marks::SENSITIVE) }
}

/// The place of an element in a set's order: known primitives by value, structures by a rendering like the one that
/// cty hashes (its order is what Terraform prints), then unknowns, then null.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum SetKey {
    Bool(bool),
    Number(Number),
    Text(String),
    Structure(String),
    Unknown,
    Null,
}

impl SetKey {
    fn of(value: &Value) -> Self {
        match &value.kind {
            Kind::Null(_) => Self::Null,
            Kind::Unknown(_) => Self::Unknown,
            Kind::Bool(value) => Self::Bool(*value),
            Kind::Number(value) => Self::Number(value.clone()),
            Kind::Text(text) => text.as_str().map_or(Self::Unknown, |known| Self::Text(known.into_owned())),
            _ => {
                let mut rendering = String::new();
                render_for_order(value, &mut rendering);
                Self::Structure(rendering)
            }
        }
    }
}

fn render_for_order(value: &Value, out: &mut String) {
    let sequence = |elements: &[Value], [open, close]: [char; 2], out: &mut String| {
        out.push(open);
        for element in elements {
            render_for_order(element, out);
            out.push(';');
        }
        out.push(close);
    };
    match &value.kind {
        Kind::Null(_) => out.push('~'),
        Kind::Unknown(_) => out.push('?'),
        Kind::Bool(value) => out.push(if *value { 'T' } else { 'F' }),
        Kind::Number(number) => match number.exact_decimal() {
            Some(decimal) => out.push_str(&decimal.general(Some(10))),
            None => out.push_str(&number.to_string()),
        },
        Kind::Text(text) => match text.as_str() {
            Some(known) => quote(&known, out),
            None => out.push('?'),
        },
        Kind::List(_, elements) | Kind::Set(_, elements) => sequence(elements, ['[', ']'], out),
        Kind::Tuple(elements) => sequence(elements, ['<', '>'], out),
        Kind::Object(fields) => {
            out.push('<');
            for attribute in fields.values() {
                render_for_order(attribute, out);
                out.push(';');
            }
            out.push('>');
        }
        Kind::Map(_, fields) => {
            out.push('{');
            for (key, element) in fields.iter() {
                quote(key, out);
                out.push(':');
                render_for_order(element, out);
                out.push(';');
            }
            out.push('}');
        }
    }
}

/// Quotes as Go's `%q` does.
fn quote(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{b}' => out.push_str("\\v"),
            c if (c as u32) < 0x80 && c.is_control() => out.push_str(&format!("\\x{:02x}", c as u32)),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
}
