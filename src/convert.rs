//! Type conversion, unification and equality as cty does them.

mod equality;
mod mismatch;
mod sets;
mod unify;

use std::sync::Arc;

use crate::number::Number;
use crate::text::Text;
use crate::types::{ObjectType, Type};
use crate::value::{Fields, Kind, Unknown, Value};

pub use equality::equal;
pub use mismatch::constraint_name;
use mismatch::mismatch;
pub use sets::{set, without_sensitive};
pub use unify::unify;

/// Why a conversion is impossible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConvertError {
    /// As Terraform says it: `a number is required`, `attribute "x": string required`.
    pub message: String,
}

impl ConvertError {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }

    fn within(self, place: impl std::fmt::Display) -> Self {
        Self { message: format!("{place}: {}", self.message) }
    }
}

/// The value as one of type `ty`; attributes that the constraint says are optional may be missing and become null.
///
/// # Errors
/// When no such conversion exists or this value does not allow it.
pub fn convert(value: &Value, ty: &Type) -> Result<Value, ConvertError> {
    let from = value.ty();
    if from == *ty || *ty == Type::Dynamic {
        return Ok(value.clone());
    }
    if !convertible(&from, ty) && open_part(value).is_none() {
        return Err(ConvertError::new(mismatch(&from, ty)));
    }
    apply(value, ty)
}

/// What the attributes are that are not listed, of the first object in the value whose attributes are not all listed.
pub fn open_part(value: &Value) -> Option<Arc<Unknown>> {
    match &value.kind {
        Kind::Object(fields) => fields.open().cloned().or_else(|| fields.values().find_map(open_part)),
        Kind::Map(_, fields) => fields.values().find_map(open_part),
        Kind::Tuple(elements) | Kind::List(_, elements) | Kind::Set(_, elements) => elements.iter().find_map(open_part),
        _ => None,
    }
}

/// Whether values of type `from` can be converted to `to`, as far as the types tell.
fn convertible(from: &Type, to: &Type) -> bool {
    match (from, to) {
        (_, Type::Dynamic) | (Type::Dynamic, _) => true,
        (Type::Bool | Type::Number, Type::Text) | (Type::Text, Type::Bool | Type::Number) => true,
        (Type::Object(from), Type::Object(to)) => to.attributes.iter().all(|(name, ty)| {
            from.attributes.get(name).map_or(to.optional.contains(name), |given| convertible(given, ty))
        }),
        (Type::Tuple(from), Type::Tuple(to)) => {
            from.len() == to.len() && from.iter().zip(to.iter()).all(|(from, to)| convertible(from, to))
        }
        (Type::List(from) | Type::Set(from), Type::List(to) | Type::Set(to)) | (Type::Map(from), Type::Map(to)) => {
            convertible(from, to)
        }
        (Type::Tuple(elements), Type::List(to) | Type::Set(to)) => {
            element_type(elements, to).is_some_and(|ty| elements.iter().all(|element| convertible(element, &ty)))
        }
        (Type::Object(object), Type::Map(to)) => {
            let attributes: Vec<Type> = object.attributes.values().cloned().collect();
            element_type(&attributes, to).is_some_and(|ty| attributes.iter().all(|from| convertible(from, &ty)))
        }
        (Type::Map(element), Type::Object(to)) => {
            to.attributes.iter().all(|(name, ty)| to.optional.contains(name) || convertible(element, ty))
        }
        (from, to) => from == to,
    }
}

/// The element type of a collection made of parts of these types where `wanted` is asked for: their common type if
/// that is `any`. Parts of which only some are of unknown type have none.
fn element_type(parts: &[Type], wanted: &Type) -> Option<Type> {
    if parts.is_empty() || *wanted != Type::Dynamic {
        return Some(wanted.clone());
    }
    let unified = unify(parts)?;
    let mixed = unified == Type::Dynamic && parts.iter().any(|ty| *ty != Type::Dynamic);
    (!mixed).then_some(unified)
}

/// Converts a value for which [`convertible`] holds.
fn apply(value: &Value, to: &Type) -> Result<Value, ConvertError> {
    let kind = match (&value.kind, to) {
        (_, Type::Dynamic) => return Ok(value.clone()),
        (Kind::Unknown(unknown), _) => {
            let ty = replace_dynamic(&unknown.ty, &without_optional(to));
            Kind::Unknown(Arc::new(Unknown { ty, among: None, ..Unknown::clone(unknown) }))
        }
        (Kind::Null(ty), _) => Kind::Null(replace_dynamic(ty, &without_optional(to))),
        (Kind::Bool(_), Type::Bool) | (Kind::Number(_), Type::Number) | (Kind::Text(_), Type::Text) => {
            return Ok(value.clone());
        }
        (Kind::Bool(known), Type::Text) => Kind::Text(Text::from(if *known { "true" } else { "false" })),
        (Kind::Number(number), Type::Text) => Kind::Text(Text::from(number.to_string())),
        (Kind::Text(text), Type::Bool | Type::Number) => match (text.as_str(), text.unknown_part()) {
            (Some(known), _) if *to == Type::Number => Kind::Number(number(&known)?),
            (Some(known), _) => Kind::Bool(boolean(&known)?),
            (None, Some(unknown)) => Value::unknown_from(&unknown, to.clone()).kind,
            (None, None) => return Err(ConvertError::new(mismatch(&Type::Text, to))),
        },
        (Kind::Tuple(elements), Type::Tuple(types)) => {
            let converted = elements.iter().zip(types.iter()).enumerate();
            let converted = converted.map(|(at, (element, ty))| nested(element, ty).map_err(|e| at_element(e, at)));
            Kind::Tuple(Arc::new(converted.collect::<Result<_, _>>()?))
        }
        (Kind::List(from, _), Type::List(to)) | (Kind::Set(from, _), Type::Set(to)) if from == &**to => {
            return Ok(value.clone());
        }
        (Kind::Tuple(elements) | Kind::List(_, elements) | Kind::Set(_, elements), Type::List(_) | Type::Set(_)) => {
            return collection(value, elements, to);
        }
        (Kind::Map(from, _), Type::Map(to)) if from == &**to => return Ok(value.clone()),
        (Kind::Map(_, fields) | Kind::Object(fields), Type::Map(wanted)) => {
            if let Some(open) = fields.open() {
                let unknown = Value::unknown_from(open, without_optional(to));
                return Ok(unknown.with_origin(value.origin.clone()).mark(&value.marks));
            }
            let given: Vec<&Value> = fields.values().collect();
            let (element, values) = elements_of(&given, value, wanted, |at| {
                format!("element {:?}", fields.keys().nth(at).map_or("", |key| &**key))
            })?;
            let mut converted = Fields::default();
            for ((key, field), value) in fields.fields().zip(values) {
                converted.insert(Arc::clone(key), field.key_span, value);
            }
            Kind::Map(element, Arc::new(converted))
        }
        (Kind::Map(_, fields) | Kind::Object(fields), Type::Object(object)) => {
            Kind::Object(Arc::new(attributes(fields, object, value)?))
        }
        (_, to) => return Err(ConvertError::new(mismatch(&value.ty(), to))),
    };
    Ok(Value { kind, origin: value.origin.clone(), marks: value.marks.clone() })
}

/// Like [`convert`], for parts of a value: what `Dynamic` hid from [`convertible`] is found out here.
fn nested(value: &Value, ty: &Type) -> Result<Value, ConvertError> {
    match (&value.kind, ty) {
        (Kind::Text(_), Type::Text) | (Kind::Number(_), Type::Number) | (Kind::Bool(_), Type::Bool) => {
            Ok(value.clone())
        }
        _ => convert(value, ty),
    }
}

fn at_element(error: ConvertError, index: usize) -> ConvertError {
    error.within(format_args!("element {index}"))
}

/// Whether the number of a set's elements is known: unknown ones may turn out equal to others.
fn has_known_length(elements: &[Value]) -> bool {
    elements.len() == 1 || elements.iter().all(Value::is_wholly_known)
}

/// How many elements, attributes or keys a value has, if that is known.
pub fn length(value: &Value) -> Option<usize> {
    match &value.kind {
        Kind::Tuple(elements) | Kind::List(_, elements) => Some(elements.len()),
        Kind::Set(_, elements) => has_known_length(elements).then_some(elements.len()),
        Kind::Object(fields) | Kind::Map(_, fields) => fields.open().is_none().then_some(fields.len()),
        Kind::Unknown(unknown) => match &unknown.ty {
            Type::Tuple(elements) => Some(elements.len()),
            Type::Object(object) => Some(object.attributes.len()),
            _ => None,
        },
        _ => None,
    }
}

/// A sequence as a list or set.
fn collection(value: &Value, elements: &[Value], to: &Type) -> Result<Value, ConvertError> {
    let (wanted, is_list) = match to {
        Type::List(wanted) => (wanted, true),
        Type::Set(wanted) => (wanted, false),
        _ => return Err(ConvertError::new(mismatch(&value.ty(), to))),
    };
    if let (Kind::Set(element, _), true) = (&value.kind, is_list)
        && !has_known_length(elements)
        && let Some(unknown) = value.first_unknown()
    {
        let ty = Type::list(replace_dynamic(element, &without_optional(wanted)));
        let unknown = Value::unknown_from(&unknown, ty);
        return Ok(unknown.with_origin(value.origin.clone()).mark(&value.marks));
    }
    let given: Vec<&Value> = elements.iter().collect();
    let (element, converted) = elements_of(&given, value, wanted, |at| format!("element {at}"))?;
    let result = if is_list { Value::new(Kind::List(element, Arc::new(converted))) } else { set(element, converted) };
    Ok(result.with_origin(value.origin.clone()).mark(&value.marks))
}

/// The parts of a collection converted to one type, and that type.
fn elements_of(
    parts: &[&Value],
    whole: &Value,
    wanted: &Type,
    place: impl Fn(usize) -> String,
) -> Result<(Type, Vec<Value>), ConvertError> {
    if parts.is_empty() {
        let ty = match &whole.kind {
            Kind::List(ty, _) | Kind::Set(ty, _) | Kind::Map(ty, _) if *wanted == Type::Dynamic => ty.clone(),
            _ => without_optional(wanted),
        };
        return Ok((ty, Vec::new()));
    }
    let all = |parts: &[&Value], ty: &Type| -> Result<Vec<Value>, ConvertError> {
        let converted = parts.iter().enumerate().map(|(at, part)| nested(part, ty).map_err(|e| e.within(place(at))));
        converted.collect()
    };
    let common = || ConvertError::new("cannot find a common base type for all elements");
    let types: Vec<Type>;
    let wanted = if *wanted == Type::Dynamic {
        // Objects whose attributes are not all known have no type in common, nor any that could be told yet.
        if parts.iter().any(|part| open_part(part).is_some()) {
            return Ok((Type::Dynamic, parts.iter().copied().cloned().collect()));
        }
        types = parts.iter().map(|part| part.ty()).collect();
        &element_type(&types, wanted).ok_or_else(common)?
    } else {
        wanted
    };
    let converted = all(parts, wanted)?;
    if !wanted.has_dynamic() {
        return Ok((without_optional(wanted), converted));
    }
    // `any` inside the element type: each element brought its own type there.
    let types: Vec<Type> = converted.iter().map(Value::ty).collect();
    let unified = unify(&types).ok_or_else(common)?;
    Ok((unified.clone(), all(&converted.iter().collect::<Vec<_>>(), &unified)?))
}

/// A map or object as an object of this type.
fn attributes(fields: &Fields, object: &ObjectType, whole: &Value) -> Result<Fields, ConvertError> {
    let mut converted = Fields::default();
    for (name, ty) in &object.attributes {
        let (key_span, value) = match (fields.field(name), fields.open()) {
            (Some(field), _) => {
                let value = nested(&field.value, ty).map_err(|e| e.within(format_args!("attribute {name:?}")))?;
                (field.key_span, value)
            }
            (None, Some(open)) => {
                let symbol = open.symbol.as_ref().map(|symbol| symbol.part(&format!(".{name}")));
                let (ty, reason) = (without_optional(ty), open.reason.clone());
                (
                    None,
                    Value::new(Kind::Unknown(Arc::new(Unknown { ty, not_null: false, symbol, among: None, reason }))),
                )
            }
            (None, None) if object.optional.contains(name) => {
                let null = Value::new(Kind::Null(without_optional(ty)));
                (None, null.with_origin(whole.origin.clone()))
            }
            (None, None) => {
                return Err(ConvertError::new(format!("map has no element for required attribute {name:?}")));
            }
        };
        converted.insert(Arc::clone(name), key_span, value);
    }
    Ok(converted)
}

fn number(text: &str) -> Result<Number, ConvertError> {
    Number::parse(text).ok_or_else(|| ConvertError::new("a number is required"))
}

fn boolean(text: &str) -> Result<bool, ConvertError> {
    match text {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => {
            let lower = text.to_lowercase();
            let hint = matches!(&*lower, "true" | "false");
            let hint = if hint { format!("; to convert from string, use lowercase {lower:?}") } else { String::new() };
            Err(ConvertError::new(format!("a bool is required{hint}")))
        }
    }
}

/// The constraint as a type of values: nothing is optional there.
pub fn without_optional(ty: &Type) -> Type {
    match ty {
        Type::List(element) => Type::list(without_optional(element)),
        Type::Set(element) => Type::set(without_optional(element)),
        Type::Map(element) => Type::map(without_optional(element)),
        Type::Tuple(elements) => Type::tuple(elements.iter().map(without_optional)),
        Type::Object(object) => {
            Type::object(object.attributes.iter().map(|(name, ty)| (Arc::clone(name), without_optional(ty))))
        }
        primitive => primitive.clone(),
    }
}

/// The type of the result when a null or unknown of type `from` is converted to `to`: what `from` knows fills in what
/// `to` leaves open.
fn replace_dynamic(from: &Type, to: &Type) -> Type {
    if !to.has_dynamic() || *from == Type::Dynamic {
        return to.clone();
    }
    let element = || match from {
        Type::List(element) | Type::Set(element) | Type::Map(element) => Some(Type::clone(element)),
        Type::Tuple(elements) => unify(elements),
        Type::Object(object) => unify(&object.attributes.values().cloned().collect::<Vec<_>>()),
        _ => None,
    };
    let filled = |wanted: &Type| element().map_or_else(|| wanted.clone(), |given| replace_dynamic(&given, wanted));
    match to {
        Type::Dynamic => from.clone(),
        Type::List(wanted) => Type::list(filled(wanted)),
        Type::Set(wanted) => Type::set(filled(wanted)),
        Type::Map(wanted) => Type::map(filled(wanted)),
        Type::Object(object) => Type::object(object.attributes.iter().map(|(name, wanted)| {
            let given = match from {
                Type::Object(from) => from.attributes.get(name).cloned(),
                Type::Map(element) => Some(Type::clone(element)),
                _ => None,
            };
            (Arc::clone(name), given.map_or_else(|| wanted.clone(), |given| replace_dynamic(&given, wanted)))
        })),
        Type::Tuple(elements) => {
            let given = |at: usize| match from {
                Type::Tuple(from) => from.get(at),
                _ => None,
            };
            Type::tuple(
                elements.iter().enumerate().map(|(at, wanted)| {
                    given(at).map_or_else(|| wanted.clone(), |given| replace_dynamic(given, wanted))
                }),
            )
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests;
