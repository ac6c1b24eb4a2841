//! Users in policies: a policy that refers to a user resource means that user's name or ARN.

use std::sync::Arc;

use crate::aws::access_key::User;
use crate::text::{Piece, Text};
use crate::value::{Fields, Kind, Symbol, Value};

/// Stands for what is not known of a user's name: only a wildcard covers it.
pub const UNKNOWN: char = '\u{fffd}';

/// The ARN of a user, in whatever account, and whether all of its name is known. The same user always gets the same ARN.
pub fn arn(user: Option<&User>, name: &Value) -> (String, bool) {
    let path = user.and_then(|user| user.path.as_str().map(String::from)).unwrap_or_else(|| "/".into());
    let (name, known) = name_of(user, name);
    (format!("arn:aws:iam::000000000000:user{path}{name}"), known)
}

fn name_of(user: Option<&User>, name: &Value) -> (String, bool) {
    match (name.as_str(), user) {
        (Some(name), _) => (name.into_owned(), true),
        // The address makes it this user's name and no other's.
        (None, Some(user)) => (format!("{UNKNOWN}{}", user.site.address), false),
        (None, None) => {
            let pieces = name.as_text().map(|text| text.flattened().pieces().collect::<Vec<_>>()).unwrap_or_default();
            let shown = pieces.iter().map(|piece| match piece {
                Piece::Literal(literal) => literal.text.to_string(),
                _ => UNKNOWN.to_string(),
            });
            let shown: String = shown.collect();
            (if shown.is_empty() { UNKNOWN.into() } else { shown }, false)
        }
    }
}

/// The document with the names and ARNs of users in place of references to them.
pub fn resolved(document: &Value, users: &[User]) -> Value {
    let each = |values: &[Value]| Arc::new(values.iter().map(|value| resolved(value, users)).collect());
    let kind = match &document.kind {
        Kind::Unknown(unknown) => match unknown.symbol.as_ref().and_then(|symbol| meant(symbol, users)) {
            Some(text) => Kind::Text(Text::from(text)),
            None => return document.clone(),
        },
        Kind::Text(text) => Kind::Text(Text::from_pieces(text.pieces().map(|piece| match &piece {
            Piece::Unknown(unknown) => match unknown.symbol.as_ref().and_then(|symbol| meant(symbol, users)) {
                Some(text) => Text::from(text).pieces().next().unwrap_or(piece),
                None => piece,
            },
            _ => piece,
        }))),
        Kind::Tuple(values) => Kind::Tuple(each(values)),
        Kind::List(ty, values) => Kind::List(ty.clone(), each(values)),
        Kind::Set(ty, values) => Kind::Set(ty.clone(), each(values)),
        Kind::Object(fields) => Kind::Object(Arc::new(inside(fields, users))),
        Kind::Map(ty, fields) => Kind::Map(ty.clone(), Arc::new(inside(fields, users))),
        Kind::Null(_) | Kind::Bool(_) | Kind::Number(_) => return document.clone(),
    };
    Value { kind, origin: document.origin.clone(), marks: document.marks.clone() }
}

fn inside(fields: &Fields, users: &[User]) -> Fields {
    let mut all = fields.clone();
    for (key, field) in fields.fields() {
        all.replace(Arc::clone(key), field.key_span, resolved(&field.value, users));
    }
    all
}

fn meant(symbol: &Symbol, users: &[User]) -> Option<String> {
    let user = users.iter().find(|user| user.is(symbol))?;
    match symbol.attribute.eq_ignore_ascii_case("arn") {
        true => Some(arn(Some(user), &user.name).0),
        false => Some(name_of(Some(user), &user.name).0),
    }
}
