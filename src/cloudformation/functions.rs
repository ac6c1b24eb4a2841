//! Functions that make strings of values, and what a value is as a string.

use std::sync::Arc;

use base64::Engine;

use crate::cloudformation::Template;
use crate::cloudformation::call::Call;
use crate::cloudformation::evaluate::Scope;
use crate::text::{Literal, Piece, Text};
use crate::types::Type;
use crate::value::{Fields, Kind, Reason, Unknown, Value};

/// A scalar as the string that CloudFormation takes it for; `None` for what is no scalar.
pub(super) fn text_of(value: &Value) -> Option<Text> {
    let literal = |text: String| Text::literal(text, value.origin.written(), true);
    match &value.kind {
        Kind::Text(text) => Some(text.clone()),
        Kind::Bool(truth) => Some(literal(truth.to_string())),
        Kind::Number(number) => Some(literal(number.to_string())),
        Kind::Unknown(unknown) if matches!(unknown.ty, Type::Dynamic | Type::Text) => {
            let unknown = Unknown { ty: Type::Text, not_null: true, ..Unknown::clone(unknown) };
            Some(Text::unknown(Arc::new(unknown)))
        }
        Kind::Unknown(unknown) if unknown.ty.is_primitive() => Some(Text::unknown(Arc::clone(unknown))),
        _ => None,
    }
}

/// A string as a value: an unknown if it is nothing else.
pub(super) fn sole_text(text: Text) -> Kind {
    match text.sole_unknown() {
        Some(unknown) => Kind::Unknown(Arc::clone(unknown)),
        None => Kind::Text(text),
    }
}

impl Template {
    /// `Fn::Base64`. The string stays readable beside its encoded form.
    pub(super) fn base64(&self, call: &Call<'_>, scope: &Scope) -> Value {
        let Some(value) = self.argument(call.argument, scope) else {
            return self.misused(call, "a string");
        };
        let Some(text) = text_of(&value) else {
            return match value.as_unknown() {
                Some(unknown) => Value::unknown_from(&unknown, Type::Text).mark(&value.deep_marks()),
                None => self.misused(call, "a string"),
            };
        };
        if !self.charge(text.known_len() / 3 * 4, call.span) {
            return Value::unknown(Type::Text, Reason::new(call.name, "is too long", Some(call.span)));
        }
        let encoded = match (text.as_str(), text.unknown_part()) {
            (Some(known), _) => Text::from(base64::engine::general_purpose::STANDARD.encode(&*known)),
            (None, Some(unknown)) => {
                Text::unknown(Arc::new(Unknown { symbol: None, among: None, ..Unknown::clone(&unknown) }))
            }
            (None, None) => return Value::null(),
        };
        let marks = value.deep_marks();
        let readable = Value { kind: sole_text(text), ..value };
        Value::new(Kind::Text(Text::encoded(readable, encoded))).mark(&marks)
    }

    /// `Fn::ToJsonString`
    pub(super) fn to_json(&self, call: &Call<'_>, scope: &Scope) -> Value {
        let Some(value) = self.argument(call.argument, scope) else {
            return self.misused(call, "an object or a list");
        };
        if let Kind::Unknown(unknown) = &value.kind {
            return Value::unknown_from(unknown, Type::Text).mark(&value.marks);
        }
        if value.elements().is_none() && value.fields().is_none() {
            return self.misused(call, "an object or a list");
        }
        if !self.charge(length(&value), call.span) {
            return Value::unknown(Type::Text, Reason::new(call.name, "is too long", Some(call.span)));
        }
        let mut pieces = Vec::new();
        write_json(&value, &mut pieces);
        let marks = value.deep_marks();
        Value::new(Kind::Text(Text::encoded(value, Text::from_pieces(pieces)))).mark(&marks)
    }
}

/// How long a value's JSON is, about.
fn length(value: &Value) -> usize {
    match &value.kind {
        Kind::Text(text) => text.known_len() + 2,
        Kind::Tuple(elements) | Kind::List(_, elements) | Kind::Set(_, elements) => elements.iter().map(length).sum(),
        Kind::Object(fields) | Kind::Map(_, fields) => {
            fields.iter().map(|(name, value)| name.len() + 3 + length(value)).sum()
        }
        _ => 5,
    }
}

fn push(pieces: &mut Vec<Piece>, text: &str) {
    pieces.push(Piece::Literal(Literal { text: text.into(), span: None, exact: false }));
}

/// Writes JSON without blanks, keys in the order in which they are written.
fn write_json(value: &Value, pieces: &mut Vec<Piece>) {
    match &value.kind {
        Kind::Null(_) => push(pieces, "null"),
        Kind::Bool(truth) => push(pieces, &truth.to_string()),
        Kind::Number(number) => push(pieces, &number.to_string()),
        Kind::Text(text) => write_string(text, pieces),
        Kind::Unknown(unknown) if unknown.ty == Type::Text => {
            write_string(&Text::unknown(Arc::clone(unknown)), pieces);
        }
        Kind::Unknown(unknown) => pieces.push(Piece::Unknown(Arc::clone(unknown))),
        Kind::Tuple(elements) | Kind::List(_, elements) | Kind::Set(_, elements) => {
            for (index, element) in elements.iter().enumerate() {
                push(pieces, if index == 0 { "[" } else { "," });
                write_json(element, pieces);
            }
            push(pieces, if elements.is_empty() { "[]" } else { "]" });
        }
        Kind::Object(fields) | Kind::Map(_, fields) => {
            for (index, (name, value)) in in_source_order(fields).into_iter().enumerate() {
                push(pieces, if index == 0 { "{" } else { "," });
                write_string(&Text::from(name), pieces);
                push(pieces, ":");
                write_json(value, pieces);
            }
            push(pieces, if fields.is_empty() { "{}" } else { "}" });
        }
    }
}

fn in_source_order(fields: &Fields) -> Vec<(&str, &Value)> {
    let mut all: Vec<_> = fields.fields().map(|(name, field)| (&**name, field)).collect();
    all.sort_by_key(|(_, field)| field.key_span.map(|span| span.start));
    all.into_iter().map(|(name, field)| (name, &field.value)).collect()
}

fn write_string(text: &Text, pieces: &mut Vec<Piece>) {
    push(pieces, "\"");
    for piece in text.flattened().pieces() {
        let Piece::Literal(literal) = piece else {
            pieces.push(piece);
            continue;
        };
        let quoted = serde_json::Value::from(&*literal.text).to_string();
        let inside = quoted.get(1..quoted.len() - 1).unwrap_or_default();
        let exact = literal.exact && *inside == *literal.text;
        pieces.push(Piece::Literal(Literal { text: inside.into(), span: literal.span, exact }));
    }
    push(pieces, "\"");
}
