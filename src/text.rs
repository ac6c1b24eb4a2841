//! Strings made of pieces: written text with a map back to the source, unknown parts, and encoded documents kept as
//! the value they came from.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::source::Span;
use crate::value::{Unknown, Value};

/// How many pieces a string keeps apart.
pub const MAX_PIECES: usize = 4096;

/// A string. Adjacent literal pieces may differ only in where they were written.
#[derive(Clone)]
pub struct Text(Repr);

#[derive(Clone)]
enum Repr {
    One(Literal),
    Many(Arc<[Piece]>),
}

/// A part of a string.
#[derive(Clone, Debug)]
pub enum Piece {
    /// Known characters.
    Literal(Literal),
    /// A part whose characters are not known; it is certainly a string.
    Unknown(Arc<Unknown>),
    /// A document that an encoding function made.
    Encoded(Arc<Encoded>),
}

/// Known characters and where they were written.
#[derive(Clone, Debug)]
pub struct Literal {
    /// The characters.
    pub text: Arc<str>,
    /// Where they were written.
    pub span: Option<Span>,
    /// Whether the bytes of `text` are the bytes of `span`, one to one (no escapes).
    pub exact: bool,
}

/// What `jsonencode`, `yamlencode`, `data.aws_iam_policy_document.json` or `Fn::ToJsonString` made.
#[derive(Clone, Debug)]
pub struct Encoded {
    /// The value that was encoded, for readers of documents.
    pub value: Value,
    /// The text it became; never holds another `Encoded`.
    pub text: Text,
}

/// Three-valued truth about a partly known string.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tri {
    /// Certainly.
    Yes,
    /// Certainly not.
    No,
    /// It depends on an unknown part.
    Maybe,
}

impl From<bool> for Tri {
    fn from(value: bool) -> Self {
        if value { Self::Yes } else { Self::No }
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::literal(text, None, false)
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::literal(text, None, false)
    }
}

impl Text {
    /// Characters written at `span`; `exact` says that bytes correspond one to one.
    pub fn literal(text: impl Into<Arc<str>>, span: Option<Span>, exact: bool) -> Self {
        let text = text.into();
        let exact = exact && span.is_some_and(|span| span.len() == text.len());
        Self(Repr::One(Literal { text, span, exact }))
    }

    /// A string that is wholly unknown.
    pub fn unknown(unknown: Arc<Unknown>) -> Self {
        Self(Repr::Many(Arc::from([Piece::Unknown(unknown)])))
    }

    /// A document and the text it became.
    pub fn encoded(value: Value, text: Text) -> Self {
        let text = text.flattened();
        Self(Repr::Many(Arc::from([Piece::Encoded(Arc::new(Encoded { value, text }))])))
    }

    /// How many parts it has that it shares with no other string (see [`Value::own_size`]), and the documents among them.
    pub(crate) fn own_pieces(&self) -> (usize, Vec<&Value>) {
        let own = |literal: &Literal| match Arc::strong_count(&literal.text) {
            1 => literal.text.len() / 256,
            _ => 0,
        };
        match &self.0 {
            Repr::One(literal) => (own(literal), Vec::new()),
            Repr::Many(pieces) if Arc::strong_count(pieces) > 1 => (0, Vec::new()),
            Repr::Many(pieces) => {
                let (mut size, mut documents) = (pieces.len(), Vec::new());
                for piece in pieces.iter() {
                    match piece {
                        Piece::Literal(literal) => size += own(literal),
                        Piece::Encoded(encoded) if Arc::strong_count(encoded) == 1 => {
                            size += encoded.text.own_pieces().0;
                            documents.push(&encoded.value);
                        }
                        Piece::Unknown(_) | Piece::Encoded(_) => {}
                    }
                }
                (size, documents)
            }
        }
    }

    /// The pieces one after the other. Empty literals are dropped. A string of more than [`MAX_PIECES`] pieces gives up
    /// the places of its literals, and if that does not suffice what is known of it: strings that double themselves
    /// must not double the pieces for ever.
    pub fn from_pieces(pieces: impl IntoIterator<Item = Piece>) -> Self {
        let mut kept: Vec<Piece> = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Literal(literal) if literal.text.is_empty() => {}
                piece => kept.push(piece),
            }
        }
        if kept.len() > MAX_PIECES {
            kept = Self::joined(kept);
        }
        match <[Piece; 1]>::try_from(kept) {
            Ok([Piece::Literal(literal)]) => Self(Repr::One(literal)),
            Ok(one) => Self(Repr::Many(Arc::from(one))),
            Err(kept) if kept.is_empty() => Self::from(""),
            Err(kept) => Self(Repr::Many(Arc::from(kept))),
        }
    }

    /// The same characters in as few pieces as can be; one unknown if those are still too many.
    fn joined(pieces: Vec<Piece>) -> Vec<Piece> {
        let mut joined: Vec<Piece> = Vec::new();
        let mut run = String::new();
        let literal = |text: &str| Piece::Literal(Literal { text: Arc::from(text), span: None, exact: false });
        for piece in pieces {
            match piece {
                Piece::Literal(piece) => run.push_str(&piece.text),
                other => {
                    if !run.is_empty() {
                        joined.push(literal(&run));
                        run.clear();
                    }
                    joined.push(other);
                }
            }
        }
        if !run.is_empty() {
            joined.push(literal(&run));
        }
        let unknown = joined.iter().find_map(|piece| match piece {
            Piece::Unknown(unknown) => Some(Arc::clone(unknown)),
            _ => None,
        });
        match unknown {
            Some(unknown) if joined.len() > MAX_PIECES => {
                let mut whole = (*unknown).clone();
                whole.symbol = None;
                whole.among = None;
                vec![Piece::Unknown(Arc::new(whole))]
            }
            _ => joined,
        }
    }

    /// Several strings one after the other.
    pub fn concat<'a>(texts: impl IntoIterator<Item = &'a Text>) -> Self {
        Self::from_pieces(texts.into_iter().flat_map(Text::pieces))
    }

    /// The pieces in order.
    pub fn pieces(&self) -> impl Iterator<Item = Piece> + '_ {
        let (one, many): (Option<&Literal>, &[Piece]) = match &self.0 {
            Repr::One(literal) => (Some(literal), &[]),
            Repr::Many(pieces) => (None, pieces),
        };
        one.cloned().map(Piece::Literal).into_iter().chain(many.iter().cloned())
    }

    /// The same string without `Encoded` pieces: their text instead.
    #[must_use]
    pub fn flattened(&self) -> Self {
        match &self.0 {
            Repr::Many(pieces) if pieces.iter().any(|piece| matches!(piece, Piece::Encoded(_))) => {
                let mut flat = Vec::new();
                for piece in pieces.iter() {
                    match piece {
                        Piece::Encoded(encoded) => flat.extend(encoded.text.pieces()),
                        other => flat.push(other.clone()),
                    }
                }
                Self::from_pieces(flat)
            }
            _ => self.clone(),
        }
    }

    /// The document, if the whole string is one that an encoding function made.
    pub fn as_encoded(&self) -> Option<&Encoded> {
        match &self.0 {
            Repr::Many(pieces) => match &**pieces {
                [Piece::Encoded(encoded)] => Some(encoded),
                _ => None,
            },
            Repr::One(_) => None,
        }
    }

    /// The characters, if all are known.
    pub fn as_str(&self) -> Option<Cow<'_, str>> {
        match &self.0 {
            Repr::One(literal) => Some(Cow::Borrowed(&literal.text)),
            Repr::Many(pieces) => {
                let mut all = String::new();
                for piece in pieces.iter() {
                    match piece {
                        Piece::Literal(literal) => all.push_str(&literal.text),
                        Piece::Unknown(_) => return None,
                        Piece::Encoded(encoded) => all.push_str(&encoded.text.as_str()?),
                    }
                }
                Some(Cow::Owned(all))
            }
        }
    }

    /// Length in bytes of the known characters.
    pub fn known_len(&self) -> usize {
        match &self.0 {
            Repr::One(literal) => literal.text.len(),
            Repr::Many(pieces) => pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Literal(literal) => literal.text.len(),
                    Piece::Unknown(_) => 0,
                    Piece::Encoded(encoded) => encoded.text.known_len(),
                })
                .sum(),
        }
    }

    /// The first unknown part.
    pub fn unknown_part(&self) -> Option<Arc<Unknown>> {
        match &self.0 {
            Repr::One(_) => None,
            Repr::Many(pieces) => pieces.iter().find_map(|piece| match piece {
                Piece::Literal(_) => None,
                Piece::Unknown(unknown) => Some(Arc::clone(unknown)),
                Piece::Encoded(encoded) => encoded.text.unknown_part(),
            }),
        }
    }

    /// The unknown that is the whole string.
    pub fn sole_unknown(&self) -> Option<&Arc<Unknown>> {
        match &self.0 {
            Repr::Many(pieces) => match &**pieces {
                [Piece::Unknown(unknown)] => Some(unknown),
                _ => None,
            },
            Repr::One(_) => None,
        }
    }

    /// The known characters before the first unknown part, and whether that is all.
    pub fn known_prefix(&self) -> (String, bool) {
        let mut prefix = String::new();
        for piece in self.flattened().pieces() {
            match piece {
                Piece::Literal(literal) => prefix.push_str(&literal.text),
                _ => return (prefix, false),
            }
        }
        (prefix, true)
    }

    /// The known characters after the last unknown part, and whether that is all.
    pub fn known_suffix(&self) -> (String, bool) {
        let pieces: Vec<Piece> = self.flattened().pieces().collect();
        let from = pieces.iter().rposition(|piece| !matches!(piece, Piece::Literal(_)));
        let mut suffix = String::new();
        for piece in pieces.iter().skip(from.map_or(0, |at| at + 1)) {
            if let Piece::Literal(literal) = piece {
                suffix.push_str(&literal.text);
            }
        }
        (suffix, from.is_none())
    }

    /// Whether the string ends with `end`, in any ASCII case.
    pub fn ends_with_ignore_case(&self, end: &str) -> Tri {
        let (suffix, whole) = self.known_suffix();
        let (suffix, end) = (suffix.to_ascii_lowercase(), end.to_ascii_lowercase());
        if suffix.ends_with(&end) {
            Tri::Yes
        } else if whole || !end.ends_with(&suffix) {
            Tri::No
        } else {
            Tri::Maybe
        }
    }

    /// Whether the string equals `other`, in any ASCII case.
    pub fn equals_ignore_case(&self, other: &str) -> Tri {
        if let Some(known) = self.as_str() {
            return known.eq_ignore_ascii_case(other).into();
        }
        let other = other.to_ascii_lowercase();
        let (prefix, _) = self.known_prefix();
        let (suffix, _) = self.known_suffix();
        let fits = other.starts_with(&prefix.to_ascii_lowercase())
            && other.ends_with(&suffix.to_ascii_lowercase())
            && self.known_len() <= other.len();
        if fits { Tri::Maybe } else { Tri::No }
    }

    /// Where the characters `start..end` (byte offsets into the flattened string; only meaningful before any unknown
    /// part) were written. A range over an escape covers the escape.
    pub fn span_of(&self, start: usize, end: usize) -> Option<Span> {
        let mut at = 0;
        let mut found: Option<Span> = None;
        for piece in self.flattened().pieces() {
            let Piece::Literal(literal) = piece else {
                break;
            };
            let (from, to) = (at, at + literal.text.len());
            at = to;
            if to <= start && !(start == end && to == start) {
                continue;
            }
            if from >= end && from != start {
                break;
            }
            let span = literal.span?;
            let part = if literal.exact {
                span.slice(start.saturating_sub(from), end.saturating_sub(from).min(to - from))
            } else {
                span
            };
            found = Some(found.map_or(part, |all| all.to(part)));
        }
        found
    }

    /// The same string with every literal piece said to be written at `span`, where it does not know better.
    #[must_use]
    pub fn written_at(self, span: Span) -> Self {
        match self.0 {
            Repr::One(mut literal) => {
                literal.span = literal.span.or(Some(span));
                Self(Repr::One(literal))
            }
            many => Self(many),
        }
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for piece in self.pieces() {
            match piece {
                Piece::Literal(literal) => write!(f, "{}", literal.text.escape_debug())?,
                Piece::Unknown(unknown) => write!(f, "${{{}}}", unknown.reason.missing)?,
                Piece::Encoded(encoded) => write!(f, "<{:?}>", encoded.text)?,
            }
        }
        f.write_str("\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;
    use crate::types::Type;
    use crate::value::Reason;

    fn hole() -> Piece {
        let reason = Reason::new("var.id", "has no value", None);
        Piece::Unknown(Arc::new(Unknown { ty: Type::Text, not_null: true, symbol: None, among: None, reason }))
    }

    fn lit(text: &str) -> Piece {
        Piece::Literal(Literal { text: text.into(), span: None, exact: false })
    }

    #[test]
    fn a_partly_known_string_is_decided_where_it_can_be() {
        let arn = Text::from_pieces([lit("arn:aws:iam::"), hole(), lit(":root")]);
        assert_eq!(arn.ends_with_ignore_case(":ROOT"), Tri::Yes);
        assert_eq!(arn.ends_with_ignore_case(":user"), Tri::No);
        assert_eq!(arn.ends_with_ignore_case("x:root"), Tri::Maybe);
        assert_eq!(arn.equals_ignore_case("root"), Tri::No);
        assert_eq!(Text::from_pieces([hole(), lit("ot")]).equals_ignore_case("root"), Tri::Maybe);
        assert_eq!(Text::from("Root").equals_ignore_case("root"), Tri::Yes);
        // Prefix and suffix may not overlap.
        assert_eq!(Text::from_pieces([lit("roo"), hole(), lit("oot")]).equals_ignore_case("root"), Tri::No);
    }

    #[test]
    fn a_string_that_doubles_itself_does_not_double_its_pieces_for_ever() {
        let mut known = Text::from_pieces([lit("a"), lit("b")]);
        let mut partly = Text::from_pieces([lit("a"), hole()]);
        for _ in 0..14 {
            known = Text::concat([&known, &known]);
            partly = Text::concat([&partly, &partly]);
        }
        assert_eq!(known.as_str().unwrap().len(), 2 << 14);
        assert!(known.pieces().count() <= MAX_PIECES && partly.pieces().count() <= MAX_PIECES);
        assert!(partly.as_str().is_none());
    }

    #[test]
    fn positions_survive_concatenation() {
        let sources = Sources::default();
        let file = sources.file("a.tf".into());
        let a = Text::literal("abc", Some(Span::new(file, 10, 13)), true);
        let b = Text::literal("\n", Some(Span::new(file, 13, 15)), true);
        let c = Text::literal("def", Some(Span::new(file, 15, 18)), true);
        let all = Text::concat([&a, &b, &c]);
        assert_eq!(all.as_str().as_deref(), Some("abc\ndef"));
        assert_eq!(all.span_of(1, 2), Some(Span::new(file, 11, 12)));
        assert_eq!(all.span_of(3, 5), Some(Span::new(file, 13, 16)));
    }
}
