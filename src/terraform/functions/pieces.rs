//! Work on strings that keeps where each part was written.

use std::sync::Arc;

use unicode_normalization::{UnicodeNormalization, is_nfc};

use crate::document::Slices;
use crate::text::{Literal, Piece, Text};
use crate::types::Type;
use crate::value::Unknown;

/// Computed characters, in Unicode's normal form C as all of Terraform's strings.
pub(super) fn computed(text: String) -> Text {
    Text::from(normal(text))
}

fn normal(text: String) -> String {
    if text.is_ascii() || is_nfc(&text) { text } else { text.nfc().collect() }
}

/// Bytes `start..end` of the known characters before any unknown part. For many cuts use [`Slices`] itself.
pub(super) fn slice(text: &Text, start: usize, end: usize) -> Text {
    if start < end { Slices::new(text).text(start..end) } else { Text::from("") }
}

/// What follows the first `start` bytes, unknown parts included; they must be known characters.
pub(super) fn skip(text: &Text, start: usize) -> Text {
    let mut left = start;
    let pieces: Vec<Piece> = text.flattened().pieces().collect();
    Text::from_pieces(pieces.into_iter().map(|piece| match piece {
        Piece::Literal(literal) => {
            let from = left.min(literal.text.len());
            left -= from;
            Piece::Literal(part(&literal, from, literal.text.len()))
        }
        other => other,
    }))
}

/// What precedes the last `count` bytes, unknown parts included; they must be known characters.
pub(super) fn skip_back(text: &Text, count: usize) -> Text {
    let mut left = count;
    let mut pieces: Vec<Piece> = text.flattened().pieces().collect();
    for piece in pieces.iter_mut().rev() {
        if let Piece::Literal(literal) = piece {
            let cut = left.min(literal.text.len());
            left -= cut;
            *literal = part(literal, 0, literal.text.len() - cut);
        }
    }
    Text::from_pieces(pieces)
}

/// Bytes `start..end` of a literal.
fn part(literal: &Literal, start: usize, end: usize) -> Literal {
    if start == 0 && end >= literal.text.len() {
        return literal.clone();
    }
    let text = literal.text.get(start..end).unwrap_or_default();
    let span = literal.span.map(|span| if literal.exact { span.slice(start, end) } else { span });
    Literal { text: Arc::from(text), span, exact: literal.exact }
}

/// Rewrites the known characters piece by piece. What was unknown is still unknown, but another string.
pub(super) fn map(text: &Text, rewrite: impl Fn(&str) -> String) -> Text {
    let pieces: Vec<Piece> = text.flattened().pieces().collect();
    Text::from_pieces(pieces.into_iter().map(|piece| match piece {
        Piece::Literal(literal) => {
            let rewritten = normal(rewrite(&literal.text));
            // Bytes still correspond where an ASCII text kept its length.
            let exact = literal.exact && literal.text.is_ascii() && rewritten.len() == literal.text.len();
            Piece::Literal(Literal { text: Arc::from(rewritten), span: literal.span, exact })
        }
        Piece::Unknown(unknown) => Piece::Unknown(changed(&unknown)),
        other => other,
    }))
}

/// An unknown string made of another unknown: for the same reason, but not the same value.
pub(super) fn changed(unknown: &Unknown) -> Arc<Unknown> {
    Arc::new(Unknown { ty: Type::Text, not_null: true, symbol: None, among: None, reason: unknown.reason.clone() })
}

/// Puts `separator` between the parts.
pub(super) fn join(parts: &[Text], separator: &Text) -> Text {
    let mut pieces = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            pieces.extend(separator.pieces());
        }
        pieces.extend(part.pieces());
    }
    Text::from_pieces(pieces)
}
