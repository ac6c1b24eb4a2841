//! Equality, as far as it can be known.

use std::sync::Arc;

use crate::text::{Text, Tri};
use crate::types::Type;
use crate::value::{Kind, Unknown, Value};

use super::open_part;

/// `a == b` as Terraform decides it.
///
/// # Errors
/// The unknown on which it depends.
pub fn equal(a: &Value, b: &Value) -> Result<bool, Arc<Unknown>> {
    let never_null = |value: &Value| match &value.kind {
        Kind::Null(_) => false,
        Kind::Unknown(unknown) => unknown.not_null,
        _ => true,
    };
    match (&a.kind, &b.kind) {
        (Kind::Null(_), _) if never_null(b) => return Ok(false),
        (_, Kind::Null(_)) if never_null(a) => return Ok(false),
        (Kind::Unknown(unknown), other) | (other, Kind::Unknown(unknown)) => {
            let (ty, known) = if matches!(a.kind, Kind::Unknown(_)) { (&unknown.ty, b) } else { (&unknown.ty, a) };
            let open = matches!(other, Kind::Null(_) | Kind::Unknown(_)) || ty.has_dynamic();
            let differs = !open && known.is_wholly_known() && known.ty() != *ty;
            return if differs { Ok(false) } else { Err(Arc::clone(unknown)) };
        }
        (Kind::Null(_), Kind::Null(_)) => return Ok(true),
        (Kind::Text(a), Kind::Text(b)) => return equal_texts(a, b),
        (Kind::Number(a), Kind::Number(b)) => return Ok(a == b),
        (Kind::Bool(a), Kind::Bool(b)) => return Ok(a == b),
        _ => {}
    }
    let open = open_part(a).or_else(|| open_part(b));
    let (left, right) = (a.ty(), b.ty());
    if left != right && open.is_none() {
        // Where a type is still unknown the types may yet turn out the same.
        return match [a, b].into_iter().find_map(untyped) {
            Some(unknown) if may_become(&left, &right) => Err(unknown),
            _ => Ok(false),
        };
    }
    let result = match (&a.kind, &b.kind) {
        (Kind::Set(_, left), Kind::Set(_, right)) => match a.first_unknown().or_else(|| b.first_unknown()) {
            Some(unknown) => Err(unknown),
            None => Ok(left.len() == right.len() && matches!(all_equal(left.iter().zip(right.iter())), Ok(true))),
        },
        (Kind::Tuple(left) | Kind::List(_, left), Kind::Tuple(right) | Kind::List(_, right)) => {
            if left.len() != right.len() { Ok(false) } else { all_equal(left.iter().zip(right.iter())) }
        }
        (Kind::Object(left), Kind::Object(right)) if open.is_some() => {
            all_equal(left.iter().filter_map(|(key, value)| Some((value, right.get(key)?))))
        }
        (Kind::Object(left) | Kind::Map(_, left), Kind::Object(right) | Kind::Map(_, right)) => {
            if left.keys().eq(right.keys()) { all_equal(left.values().zip(right.values())) } else { Ok(false) }
        }
        _ => Ok(false),
    };
    match (result, open) {
        (Ok(true), Some(open)) => Err(open),
        (result, _) => result,
    }
}

/// Whether all pairs are equal; one that differs decides, whatever is unknown besides.
fn all_equal<'a>(pairs: impl Iterator<Item = (&'a Value, &'a Value)>) -> Result<bool, Arc<Unknown>> {
    let mut open = None;
    for (a, b) in pairs {
        match equal(a, b) {
            Ok(true) => {}
            Ok(false) => return Ok(false),
            Err(unknown) => open = open.or(Some(unknown)),
        }
    }
    open.map_or(Ok(true), Err)
}

fn equal_texts(a: &Text, b: &Text) -> Result<bool, Arc<Unknown>> {
    let unknown = match (a.as_str(), b.as_str()) {
        (Some(a), Some(b)) => return Ok(a == b),
        (Some(known), None) if b.equals_ignore_case(&known) == Tri::No => return Ok(false),
        (None, Some(known)) if a.equals_ignore_case(&known) == Tri::No => return Ok(false),
        _ => a.unknown_part().or_else(|| b.unknown_part()),
    };
    unknown.map_or(Ok(false), Err)
}

/// The first unknown of a type that is not known in full.
fn untyped(value: &Value) -> Option<Arc<Unknown>> {
    match &value.kind {
        Kind::Unknown(unknown) => unknown.ty.has_dynamic().then(|| Arc::clone(unknown)),
        Kind::Tuple(elements) | Kind::List(_, elements) | Kind::Set(_, elements) => elements.iter().find_map(untyped),
        Kind::Object(fields) | Kind::Map(_, fields) => fields.values().find_map(untyped),
        _ => None,
    }
}

/// Whether two types can be the same once `Dynamic` is replaced in them.
fn may_become(a: &Type, b: &Type) -> bool {
    match (a, b) {
        (Type::Dynamic, _) | (_, Type::Dynamic) => true,
        (Type::List(a), Type::List(b)) | (Type::Set(a), Type::Set(b)) | (Type::Map(a), Type::Map(b)) => {
            may_become(a, b)
        }
        (Type::Tuple(a), Type::Tuple(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| may_become(a, b)),
        (Type::Object(a), Type::Object(b)) => {
            a.attributes.keys().eq(b.attributes.keys())
                && a.attributes.values().zip(b.attributes.values()).all(|(a, b)| may_become(a, b))
        }
        (a, b) => a == b,
    }
}
