//! Values as JSON or YAML text, as Terraform writes it: unknown parts become holes, and characters that are copied from
//! the configuration keep their place there.

mod yaml;

use std::fmt::Write as _;
use std::sync::Arc;

use crate::text::{Literal, Piece, Text};
use crate::types::Type;
use crate::value::{Kind, Unknown, Value};

/// Why a value cannot be encoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// A number that is not finite.
    #[error("cannot serialize infinity as JSON")]
    Infinite,
    /// The text would take too much memory.
    #[error("the encoded text would be larger than {} MiB", MAX_BYTES >> 20)]
    TooLarge,
}

/// The largest text that is made.
const MAX_BYTES: usize = 16 << 20;

/// The value as compact JSON, keys sorted: what `jsonencode` gives. The text remembers the value.
///
/// # Errors
/// See [`EncodeError`].
pub fn json(value: &Value) -> Result<Text, EncodeError> {
    Ok(Text::encoded(value.clone(), json_text(value)?))
}

/// The text of [`json`] alone.
///
/// # Errors
/// See [`EncodeError`].
pub fn json_text(value: &Value) -> Result<Text, EncodeError> {
    let mut out = Out::default();
    write_json(value, &mut out)?;
    Ok(out.finish())
}

/// Text in the making.
#[derive(Default)]
struct Out {
    pieces: Vec<Piece>,
    plain: String,
    size: usize,
}

impl Out {
    fn push(&mut self, text: &str) -> Result<(), EncodeError> {
        self.plain.push_str(text);
        self.size += text.len();
        if self.size > MAX_BYTES { Err(EncodeError::TooLarge) } else { Ok(()) }
    }

    fn piece(&mut self, piece: Piece) {
        if let Piece::Literal(literal) = &piece {
            self.size += literal.text.len();
        }
        if !self.plain.is_empty() {
            let text = Arc::from(std::mem::take(&mut self.plain));
            self.pieces.push(Piece::Literal(Literal { text, span: None, exact: false }));
        }
        self.pieces.push(piece);
    }

    fn hole(&mut self, unknown: &Arc<Unknown>) {
        self.piece(Piece::Unknown(Arc::clone(unknown)));
    }

    fn finish(mut self) -> Text {
        if !self.plain.is_empty() {
            let text = Arc::from(std::mem::take(&mut self.plain));
            self.pieces.push(Piece::Literal(Literal { text, span: None, exact: false }));
        }
        Text::from_pieces(self.pieces)
    }
}

fn write_json(value: &Value, out: &mut Out) -> Result<(), EncodeError> {
    match &value.kind {
        Kind::Null(_) => out.push("null"),
        Kind::Bool(true) => out.push("true"),
        Kind::Bool(false) => out.push("false"),
        Kind::Number(number) if number.is_finite() => out.push(&number.to_string()),
        Kind::Number(_) => Err(EncodeError::Infinite),
        Kind::Text(text) => write_json_text(text, out),
        Kind::Unknown(unknown) if unknown.ty == Type::Text && unknown.not_null => {
            out.push("\"")?;
            out.hole(unknown);
            out.push("\"")
        }
        Kind::Unknown(unknown) => {
            out.hole(unknown);
            Ok(())
        }
        Kind::Tuple(elements) | Kind::List(_, elements) | Kind::Set(_, elements) => {
            out.push("[")?;
            for (at, element) in elements.iter().enumerate() {
                out.push(if at > 0 { "," } else { "" })?;
                write_json(element, out)?;
            }
            out.push("]")
        }
        Kind::Object(fields) | Kind::Map(_, fields) => {
            out.push("{")?;
            for (at, (key, value)) in fields.iter().enumerate() {
                out.push(if at > 0 { "," } else { "" })?;
                out.push(&format!("\"{}\":", escape_json(key)))?;
                write_json(value, out)?;
            }
            if let Some(rest) = fields.open() {
                out.hole(rest);
            }
            out.push("}")
        }
    }
}

fn write_json_text(text: &Text, out: &mut Out) -> Result<(), EncodeError> {
    out.push("\"")?;
    for piece in text.flattened().pieces() {
        match piece {
            Piece::Literal(literal) => {
                let escaped = escape_json(&literal.text);
                if literal.span.is_none() {
                    out.push(&escaped)?;
                } else {
                    let exact = literal.exact && escaped.len() == literal.text.len();
                    out.piece(Piece::Literal(Literal { text: Arc::from(escaped), span: literal.span, exact }));
                }
            }
            other => out.piece(other),
        }
        out.push("")?;
    }
    out.push("\"")
}

/// Go's escapes: the usual ones, and what HTML or JavaScript could stumble over.
pub(crate) fn escape_json(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => escaped.push_str("\\\""),
            '\\' => escaped.push_str("\\\\"),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            '\u{8}' => escaped.push_str("\\b"),
            '\u{c}' => escaped.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                // Writing to a string cannot fail.
                let _ = write!(escaped, "\\u{:04x}", c as u32);
            }
            c => escaped.push(c),
        }
    }
    escaped
}

/// The value as YAML, as `yamlencode` writes it. The text remembers the value.
///
/// # Errors
/// See [`EncodeError`].
pub fn yaml(value: &Value) -> Result<Text, EncodeError> {
    Ok(Text::encoded(value.clone(), yaml::text(value)?))
}
