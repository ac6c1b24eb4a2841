//! Short ways to look into a manifest's values.

use crate::source::Span;
use crate::types::Type;
use crate::value::{Kind, Value};

/// A field of an object: null if it is not there, unknown if the object is.
pub(super) fn field(of: &Value, name: &str) -> Value {
    match &of.kind {
        Kind::Unknown(unknown) => Value::unknown_from(unknown, Type::Dynamic).with_origin(of.origin.clone()),
        _ => of.fields().and_then(|fields| fields.get(name)).cloned().unwrap_or_else(Value::null),
    }
}

/// A known string in an object.
pub(super) fn string(of: &Value, name: &str) -> Option<String> {
    field(of, name).as_str().map(|text| text.into_owned())
}

/// A truth value in an object. A string counts as what it says.
pub(super) fn flag(of: &Value, name: &str) -> Option<bool> {
    let value = field(of, name);
    value.as_bool().or_else(|| match value.as_str()?.as_ref() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    })
}

/// Where a key of an object is written.
pub(super) fn key(of: &Value, name: &str) -> Option<Span> {
    of.fields()?.field(name)?.key_span
}

/// The elements of a list; a value that is no list is one of its own, an unknown one included.
pub(super) fn elements(of: &Value) -> Vec<Value> {
    match of.elements() {
        Some(elements) => elements.to_vec(),
        None if of.is_null() => Vec::new(),
        None => vec![of.clone()],
    }
}
