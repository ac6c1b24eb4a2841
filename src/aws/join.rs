//! Which resource a value means, and where in a resource a value stands.

use crate::resource::{Resource, Site};
use crate::text::{Piece, Tri};
use crate::value::{Kind, Symbol, Value};

/// The value at a path of attribute names. A single nested block is looked through, a missing step gives null, and what
/// is inside an unknown is that unknown.
pub fn at(resource: &Resource<'_>, path: &[&str]) -> Value {
    let Some((first, rest)) = path.split_first() else { return Value::null() };
    inside(&given(resource, first), rest)
}

/// The value at a path inside a value; see [`at`].
pub fn inside(value: &Value, path: &[&str]) -> Value {
    let value = match value.elements() {
        Some(elements) => elements.first().cloned().unwrap_or_else(Value::null),
        None => value.clone(),
    };
    let Some((first, rest)) = path.split_first() else { return value };
    match &value.kind {
        Kind::Unknown(_) => value,
        _ => match value.fields().and_then(|fields| fields.get(first)) {
            Some(field) if rest.is_empty() => field.clone(),
            Some(field) => inside(field, rest),
            None => Value::null(),
        },
    }
}

/// The elements of a list, or the value as its own only element; nothing for null.
pub fn each(value: &Value) -> Vec<Value> {
    match value.elements() {
        Some(elements) => elements.to_vec(),
        None if value.is_null() => Vec::new(),
        None => vec![value.clone()],
    }
}

/// Whole numbers, also those written as strings.
pub fn number(value: &Value) -> Option<i64> {
    match value.as_number() {
        Some(number) => number.as_i64(),
        None => value.as_str()?.trim().parse().ok(),
    }
}

/// Truth values, also those written as strings.
pub fn truth(value: &Value) -> Option<bool> {
    match value.as_bool() {
        Some(known) => Some(known),
        None => match &*value.as_str()?.to_ascii_lowercase() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        },
    }
}

/// Whether the argument `argument` of `from`, whose value is `value`, means the resource at `site`: by a symbol, by the
/// name or an ARN that ends in it, or because the argument mentions the resource.
pub fn means(from: &Resource<'_>, argument: &str, value: &Value, site: &Site, name: &Value) -> bool {
    let symbol = |symbol: &Symbol| symbol.project == site.project && symbol.address == site.address;
    let mentions = |known: &crate::resource::Reference| {
        known.target == site.block && known.argument.split('.').next() == Some(argument)
    };
    symbols(value).iter().any(symbol) || is_called(value, name) || {
        value.as_unknown().is_some() && from.meta.references.iter().any(mentions)
    }
}

/// Whether a value is a name, or an ARN that ends in it.
pub fn is_called(value: &Value, name: &Value) -> bool {
    let (Some(text), Some(name)) = (value.as_text(), name.as_str()) else { return false };
    let ends = |mark: &str| text.ends_with_ignore_case(&format!("{mark}{name}")) == Tri::Yes;
    !name.is_empty() && (text.equals_ignore_case(&name) == Tri::Yes || ends("/") || ends(":"))
}

/// The symbols anywhere in a value.
pub fn symbols(value: &Value) -> Vec<Symbol> {
    let mut found = Vec::new();
    collect(value, &mut found);
    found
}

fn collect(value: &Value, found: &mut Vec<Symbol>) {
    match &value.kind {
        Kind::Unknown(unknown) => found.extend(unknown.symbol.clone()),
        Kind::Text(text) => {
            for piece in text.pieces() {
                match piece {
                    Piece::Literal(_) => {}
                    Piece::Unknown(unknown) => found.extend(unknown.symbol.clone()),
                    Piece::Encoded(encoded) => collect(&encoded.value, found),
                }
            }
        }
        Kind::Tuple(elements) | Kind::List(_, elements) | Kind::Set(_, elements) => {
            elements.iter().for_each(|element| collect(element, found));
        }
        Kind::Object(fields) | Kind::Map(_, fields) => fields.values().for_each(|field| collect(field, found)),
        Kind::Null(_) | Kind::Bool(_) | Kind::Number(_) => {}
    }
}

/// The value of an attribute as the configuration gives it: null where AWS fills it in.
pub fn given(resource: &Resource<'_>, attribute: &str) -> Value {
    let value = resource.get(attribute);
    match value.symbol() {
        Some(own) if own.project == resource.site.project && own.address == resource.site.address => Value::null(),
        _ => value,
    }
}
