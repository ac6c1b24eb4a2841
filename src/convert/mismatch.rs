//! What to say of a conversion that is impossible.

use std::sync::Arc;

use crate::types::Type;

use super::convertible;

/// Why a conversion from one type to the other is impossible.
pub(super) fn mismatch(from: &Type, to: &Type) -> String {
    match (from, to) {
        (Type::Object(from), Type::Object(to)) => {
            let missing = |name: &&Arc<str>| !from.attributes.contains_key(*name) && !to.optional.contains(*name);
            let missing: Vec<String> = to.attributes.keys().filter(missing).map(|name| format!("{name:?}")).collect();
            if let Some((last, others)) = missing.split_last() {
                return match others {
                    [] => format!("attribute {last} is required"),
                    [first] => format!("attributes {first} and {last} are required"),
                    _ => format!("attributes {}, and {last} are required", others.join(", ")),
                };
            }
            let wrong = to.attributes.iter().find_map(|(name, ty)| {
                let given = from.attributes.get(name).filter(|given| !convertible(given, ty))?;
                Some(format!("attribute {name:?}: {}", mismatch(given, ty)))
            });
            wrong.unwrap_or_else(|| "incorrect object attributes".into())
        }
        (Type::Tuple(_), Type::List(element)) if **element == Type::Dynamic => {
            "all list elements must have the same type".into()
        }
        (Type::Tuple(_), Type::Set(element)) if **element == Type::Dynamic => {
            "all set elements must have the same type".into()
        }
        (Type::Object(_), Type::Map(element)) if **element == Type::Dynamic => {
            "all map elements must have the same type".into()
        }
        (Type::Tuple(elements), Type::List(ty) | Type::Set(ty)) => {
            let mut wrong = elements.iter().enumerate().filter(|(_, element)| !convertible(element, ty));
            match wrong.next() {
                Some((at, element)) => format!("element {at}: {}", mismatch(element, ty)),
                None => format!("all elements must be {}", constraint_name(ty)),
            }
        }
        (Type::Object(object), Type::Map(ty)) => {
            let mut wrong = object.attributes.iter().filter(|(_, attribute)| !convertible(attribute, ty));
            match wrong.next() {
                Some((name, attribute)) => format!("element {name:?}: {}", mismatch(attribute, ty)),
                None => format!("all elements must be {}", constraint_name(ty)),
            }
        }
        (Type::List(from) | Type::Set(from), Type::List(ty)) => {
            format!("incorrect list element type: {}", mismatch(from, ty))
        }
        (Type::List(from) | Type::Set(from), Type::Set(ty)) => {
            format!("incorrect set element type: {}", mismatch(from, ty))
        }
        (Type::Map(from), Type::Map(ty)) => format!("incorrect map element type: {}", mismatch(from, ty)),
        _ => format!("{} required", constraint_name(to)),
    }
}

/// The name of a type constraint as Terraform's messages put it: `list of any single type`.
pub fn constraint_name(ty: &Type) -> String {
    match ty {
        Type::Dynamic => "any type".into(),
        Type::List(element) => format!("list of {}", any_single(element)),
        Type::Set(element) => format!("set of {}", any_single(element)),
        Type::Map(element) => format!("map of {}", any_single(element)),
        other => other.friendly_name(),
    }
}

fn any_single(element: &Type) -> String {
    if *element == Type::Dynamic { "any single type".into() } else { constraint_name(element) }
}
