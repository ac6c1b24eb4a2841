//! Words of a command line: strings that may be unknown in parts, and whether an unknown may be several words or none.

use std::sync::Arc;

use crate::source::Span;
use crate::text::{Literal, Piece, Text};
use crate::types::Type;
use crate::value::{Kind, Origin, Unknown, Value, Via};

/// A word.
#[derive(Clone, Debug)]
pub(super) struct Field {
    /// Its characters.
    pub(super) text: Text,
    /// Where it is used.
    pub(super) span: Option<Span>,
    /// Whether it may turn out to be several words, or none: an unknown outside of quotes.
    pub(super) open: bool,
}

/// A part of a word, before the shell splits it.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) piece: Piece,
    /// Whether white space in it separates words: it was put in for a variable outside of quotes.
    pub(super) split: bool,
}

impl Field {
    /// A word that is known.
    pub(super) fn known(text: &str, span: Option<Span>) -> Self {
        Self { text: Text::literal(text, span, false), span, open: false }
    }

    /// A word that has this value.
    pub(super) fn of_value(value: &Value) -> Self {
        Self { text: text_of(value), span: value.origin.span, open: false }
    }

    /// The characters, if all are known.
    pub(super) fn as_str(&self) -> Option<std::borrow::Cow<'_, str>> {
        self.text.as_str()
    }

    /// The word as a value: used where the word stands, and written where its characters come from.
    pub(super) fn value(&self) -> Value {
        value_of(&self.text, self.span)
    }

    /// What follows the first `skip` bytes, all of which are known.
    pub(super) fn after(&self, skip: usize) -> Self {
        let mut left = skip;
        let pieces = self.text.flattened();
        let pieces = pieces.pieces().filter_map(|piece| match piece {
            Piece::Literal(literal) if left > 0 => {
                let cut = left.min(literal.text.len());
                left -= cut;
                let rest = literal.text.get(cut..)?;
                let span = literal.span.map(|span| if literal.exact { span.slice(cut, span.len()) } else { span });
                Some(Piece::Literal(Literal { text: rest.into(), span, exact: literal.exact }))
            }
            piece => Some(piece),
        });
        Self { text: Text::from_pieces(pieces), span: self.span, open: false }
    }
}

/// The pieces of a value that is put into a string.
pub(super) fn text_of(value: &Value) -> Text {
    match &value.kind {
        Kind::Text(text) => text.flattened(),
        Kind::Number(number) => Text::from(number.to_string()),
        Kind::Bool(truth) => Text::from(truth.to_string()),
        Kind::Null(_) => Text::from(""),
        Kind::Unknown(unknown) if unknown.ty == Type::Text => Text::unknown(Arc::clone(unknown)),
        Kind::Unknown(unknown) => Text::unknown(Arc::new(Unknown { ty: Type::Text, ..(**unknown).clone() })),
        // The text of a collection is of no use to a script.
        _ => Text::from(""),
    }
}

/// A string as a value that is used at `span`.
pub(super) fn value_of(text: &Text, span: Option<Span>) -> Value {
    let kind = match text.sole_unknown() {
        Some(unknown) => Kind::Unknown(Arc::clone(unknown)),
        None => Kind::Text(text.clone()),
    };
    let written = text.pieces().find_map(|piece| match piece {
        Piece::Literal(literal) => literal.span,
        _ => None,
    });
    let origin = match (span, written) {
        (Some(span), Some(written)) if span.contains(written) => Origin::at(written),
        (Some(span), Some(written)) => Origin::at(written).via(Via::Element, Some(span)),
        (span, written) => Origin { span: span.or(written), hops: None },
    };
    Value::new(kind).with_origin(origin)
}

/// Splits what was put in for variables outside of quotes where it has white space. Nothing at all is no word, unless
/// `quoted`: then it is an empty one.
pub(super) fn fields(parts: Vec<Part>, span: Option<Span>, quoted: bool) -> Vec<Field> {
    let mut done = Vec::new();
    let mut begun: Vec<Piece> = Vec::new();
    let sole = parts.len() == 1;
    let mut open = false;
    for Part { piece, split } in parts {
        match &piece {
            Piece::Literal(literal) if split && literal.text.contains(char::is_whitespace) => {
                let mut at = 0;
                for word in literal.text.split(char::is_whitespace) {
                    if at > 0 && !begun.is_empty() {
                        done.push(std::mem::take(&mut begun));
                    }
                    if !word.is_empty() {
                        let (from, to) = (at, at + word.len());
                        let span = literal.span.map(|span| if literal.exact { span.slice(from, to) } else { span });
                        begun.push(Piece::Literal(Literal { text: word.into(), span, exact: literal.exact }));
                    }
                    at += word.len() + 1;
                }
            }
            Piece::Literal(literal) if literal.text.is_empty() => {}
            Piece::Unknown(unknown) => {
                open = sole && split && unknown.among.is_none();
                begun.push(piece);
            }
            _ => begun.push(piece),
        }
    }
    if !begun.is_empty() || quoted && done.is_empty() {
        done.push(begun);
    }
    done.into_iter().map(|pieces| Field { text: Text::from_pieces(pieces), span, open }).collect()
}
