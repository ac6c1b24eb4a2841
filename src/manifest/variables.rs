//! Names in a manifest's files that a tool replaces before it reads them: `{{ Name }}`, `${NAME}`, `<NAME>`.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use regex::Regex;

use crate::document::Slices;
use crate::encode;
use crate::source::Span;
use crate::text::{Literal, Piece, Text};
use crate::types::Type;
use crate::value::{Kind, Reason, Unknown, Value};

/// Which names are replaced, and by what as far as that is known.
#[derive(Debug, Default)]
pub(super) struct Variables {
    /// What stands for a name, where that is known.
    pub(super) known: HashMap<Arc<str>, Value>,
    /// Whether `${NAME}` is one. `${aws:PrincipalAccount}` is IAM's own and never is.
    pub(super) dollar: bool,
    /// Whether `<NAME>` is one: what samples leave to be filled in.
    pub(super) angle: bool,
}

impl Variables {
    pub(super) fn set(&mut self, name: impl Into<Arc<str>>, value: Value) {
        self.known.insert(name.into(), value);
    }

    /// What stands for a name at `span`.
    pub(super) fn value(&self, name: &str, span: Span) -> Value {
        match self.known.get(name) {
            Some(value) => value.clone().at(span),
            None => Value::unknown(Type::Dynamic, reason(name, Some(span))).at(span),
        }
    }

    /// The string with what is known in place of the names, or the value that a name alone stands for.
    pub(super) fn filled(&self, text: &Text) -> Kind {
        let filled = self.fill_with(text, true);
        match filled {
            Ok(text) => Kind::Text(text),
            Err(value) => value.kind,
        }
    }

    /// The string with what is known in place of the names.
    pub(super) fn fill(&self, text: &Text) -> Text {
        self.fill_with(text, false).unwrap_or_else(|_| text.clone())
    }

    fn fill_with(&self, text: &Text, alone: bool) -> Result<Text, Value> {
        let Some(plain) = text.as_str() else { return Ok(text.clone()) };
        let Some(pattern) = pattern() else { return Ok(text.clone()) };
        if !plain.contains(['{', '<']) {
            return Ok(text.clone());
        }
        let slices = Slices::new(text);
        let mut pieces: Vec<Piece> = Vec::new();
        let mut from = 0;
        for found in pattern.captures_iter(&plain) {
            let (Some(whole), name) = (found.get(0), found.iter().skip(1).flatten().next()) else { continue };
            let Some(name) = name.map(|name| name.as_str()) else { continue };
            let is_variable = match whole.as_str().as_bytes().first() {
                Some(b'$') => self.dollar,
                Some(b'<') => self.angle,
                _ => true,
            };
            if !is_variable {
                continue;
            }
            let span = slices.span(whole.range());
            if let (true, Some(value)) = (alone && whole.len() == plain.len(), self.known.get(name)) {
                return Err(value.clone());
            }
            pieces.extend(slices.text(from..whole.start()).pieces());
            pieces.push(match self.known.get(name).and_then(written) {
                Some(known) => Piece::Literal(Literal { text: known.into(), span, exact: false }),
                None => {
                    let unknown = Unknown {
                        ty: Type::Text,
                        not_null: true,
                        symbol: None,
                        among: None,
                        reason: reason(name, span),
                    };
                    Piece::Unknown(Arc::new(unknown))
                }
            });
            from = whole.end();
        }
        if pieces.is_empty() {
            return Ok(text.clone());
        }
        pieces.extend(slices.text(from..plain.len()).pieces());
        Ok(Text::from_pieces(pieces))
    }
}

/// What is written for a value: a list as JSON.
fn written(value: &Value) -> Option<String> {
    if value.elements().is_some() {
        return encode::json(value).ok()?.as_str().map(|text| text.into_owned());
    }
    value.as_str().map(|text| text.into_owned()).or_else(|| value.as_number().map(ToString::to_string))
}

fn reason(name: &str, span: Option<Span>) -> Reason {
    Reason::new(name, "is replaced by something that is not in the scan", span)
}

fn pattern() -> Option<&'static Regex> {
    static PATTERN: OnceLock<Option<Regex>> = OnceLock::new();
    let text = concat!(
        r"\{\{\s*([^{}]*?)\s*\}\}",
        r"|\$\{(ACCEL_LOOKUP::[A-Za-z0-9_:-]*|[A-Z][A-Z0-9_]*)\}",
        r"|<([A-Za-z][A-Za-z0-9_ -]*)>"
    );
    PATTERN.get_or_init(|| Regex::new(text).ok()).as_ref()
}
