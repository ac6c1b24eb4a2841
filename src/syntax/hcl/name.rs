//! Names and numbers: the tokens that are longer than they look.

use std::sync::{Arc, LazyLock};

use regex::Regex;

use super::parser::{Parsed, Parser};
use super::{ExprKind, Name};
use crate::number::Number;

/// Unicode's own notion of what starts a name and what goes on with it; `None` never happens.
static CLASSES: LazyLock<Option<[Regex; 2]>> =
    LazyLock::new(|| Some([Regex::new(r"^\p{ID_Start}$").ok()?, Regex::new(r"^\p{ID_Continue}$").ok()?]));

fn is_in_class(c: char, start: bool) -> bool {
    let class = CLASSES.as_ref().map(|[starts, continues]| if start { starts } else { continues });
    class.is_some_and(|class| class.is_match(c.encode_utf8(&mut [0; 4])))
}

pub(super) fn is_name_start(c: char) -> bool {
    c == '_' || if c.is_ascii() { c.is_ascii_alphabetic() } else { is_in_class(c, true) }
}

pub(super) fn is_name_continue(c: char) -> bool {
    c == '_' || c == '-' || if c.is_ascii() { c.is_ascii_alphanumeric() } else { is_in_class(c, false) }
}

/// Whether a text is a name as the language has them: a letter or underscore, then letters, digits, underscores, hyphens.
pub fn is_name(text: &str) -> bool {
    text.starts_with(is_name_start) && text.chars().all(is_name_continue)
}

impl Parser<'_> {
    pub(super) fn name(&mut self) -> Option<Name> {
        if !matches!(self.peek()?, b'a'..=b'z' | b'A'..=b'Z' | b'_' | 0x80..) {
            return None;
        }
        let rest = self.rest();
        if !rest.starts_with(is_name_start) {
            return None;
        }
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        let len = match rest.bytes().position(|byte| !plain(byte)) {
            Some(end) if rest.as_bytes().get(end).is_some_and(u8::is_ascii) => end,
            Some(_) => rest.find(|c| !is_name_continue(c)).unwrap_or(rest.len()),
            None => rest.len(),
        };
        let start = self.at;
        self.at += len;
        Some(Name { text: Arc::from(self.text.get(start..self.at)?), span: self.span_from(start) })
    }

    pub(super) fn number(&mut self) -> Parsed<ExprKind> {
        let start = self.at;
        let text = self.number_token();
        match Number::parse(text) {
            Some(number) => Ok(ExprKind::Number(number)),
            None => self.error_at(start, "this is no number, or one out of range"),
        }
    }

    /// Takes digits with any points and exponents between them: `1.2.3` is one token, and then no number.
    pub(super) fn number_token(&mut self) -> &str {
        let rest = self.rest();
        let digit = |at: usize| rest.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
        let (mut at, mut end) = (0, 0);
        while let Some(byte) = rest.as_bytes().get(at) {
            at += match byte {
                // A point belongs to the number only if something else of it follows.
                b'.' => {
                    at += 1;
                    continue;
                }
                b'0'..=b'9' => 1,
                b'e' | b'E' if digit(at + 1) => 2,
                b'e' | b'E' if matches!(rest.as_bytes().get(at + 1), Some(b'+' | b'-')) && digit(at + 2) => 3,
                _ => break,
            };
            end = at;
        }
        self.at += end;
        rest.get(..end).unwrap_or_default()
    }
}
