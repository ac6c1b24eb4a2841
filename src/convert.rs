//! Type conversion, unification and equality as cty does them.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::number::Number;
use crate::text::{Text, Tri};
use crate::types::{ObjectType, Type};
use crate::value::{Fields, Kind, Marks, Unknown, Value};

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
            Kind::Unknown(Arc::new(Unknown { ty, ..Unknown::clone(unknown) }))
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
                return Ok(unknown.with_origin(value.origin.clone()).mark(value.marks));
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
    Ok(Value { kind, origin: value.origin.clone(), marks: value.marks })
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
        return Ok(unknown.with_origin(value.origin.clone()).mark(value.marks));
    }
    let given: Vec<&Value> = elements.iter().collect();
    let (element, converted) = elements_of(&given, value, wanted, |at| format!("element {at}"))?;
    let result = if is_list { Value::new(Kind::List(element, Arc::new(converted))) } else { set(element, converted) };
    Ok(result.with_origin(value.origin.clone()).mark(value.marks))
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
                (None, Value::new(Kind::Unknown(Arc::new(Unknown { ty, not_null: false, symbol, reason }))))
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

/// A set of these elements: duplicates removed, in the order in which Terraform prints it. A set cannot hold sensitive
/// elements: it is sensitive itself then.
pub fn set(element: Type, elements: Vec<Value>) -> Value {
    let sensitive = elements.iter().fold(Marks::NONE, |marks, value| marks.union(value.deep_marks()));
    let elements: Vec<Value> =
        if sensitive.contains(Marks::SENSITIVE) { elements.iter().map(without_sensitive).collect() } else { elements };
    let mut keyed: Vec<(SetKey, Value)> = elements.into_iter().map(|value| (SetKey::of(&value), value)).collect();
    keyed.sort_by(|(a, _), (b, _)| a.cmp(b));
    let mut kept: Vec<(SetKey, Value)> = Vec::with_capacity(keyed.len());
    for (key, value) in keyed {
        let alike = kept.iter().rev().take_while(|(other, _)| *other == key);
        if !alike.into_iter().any(|(_, other)| matches!(equal(other, &value), Ok(true))) {
            kept.push((key, value));
        }
    }
    let elements = kept.into_iter().map(|(_, value)| value).collect();
    let marks = if sensitive.contains(Marks::SENSITIVE) { Marks::SENSITIVE } else { Marks::NONE };
    Value::new(Kind::Set(element, Arc::new(elements))).mark(marks)
}

/// The value without Terraform's mark, at any depth.
pub fn without_sensitive(value: &Value) -> Value {
    if !value.deep_marks().contains(Marks::SENSITIVE) {
        return value.clone();
    }
    let all = |elements: &[Value]| Arc::new(elements.iter().map(without_sensitive).collect::<Vec<_>>());
    let each = |fields: &Fields| {
        let mut clean = Fields::default();
        for (key, field) in fields.fields() {
            clean.insert(Arc::clone(key), field.key_span, without_sensitive(&field.value));
        }
        Arc::new(clean)
    };
    let kind = match &value.kind {
        Kind::Tuple(elements) => Kind::Tuple(all(elements)),
        Kind::List(ty, elements) => Kind::List(ty.clone(), all(elements)),
        Kind::Set(ty, elements) => Kind::Set(ty.clone(), all(elements)),
        Kind::Object(fields) => Kind::Object(each(fields)),
        Kind::Map(ty, fields) => Kind::Map(ty.clone(), each(fields)),
        other => other.clone(),
    };
    Value { kind, origin: value.origin.clone(), marks: value.marks.without(Marks::SENSITIVE) }
}

/// The place of an element in a set's order: known primitives by value, structures by a rendering like the one that
/// cty hashes (its order is what Terraform prints), then unknowns, then null.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum SetKey {
    Bool(bool),
    Number(Number),
    Text(String),
    Structure(String),
    Unknown,
    Null,
}

impl SetKey {
    fn of(value: &Value) -> Self {
        match &value.kind {
            Kind::Null(_) => Self::Null,
            Kind::Unknown(_) => Self::Unknown,
            Kind::Bool(value) => Self::Bool(*value),
            Kind::Number(value) => Self::Number(value.clone()),
            Kind::Text(text) => text.as_str().map_or(Self::Unknown, |known| Self::Text(known.into_owned())),
            _ => {
                let mut rendering = String::new();
                render_for_order(value, &mut rendering);
                Self::Structure(rendering)
            }
        }
    }
}

fn render_for_order(value: &Value, out: &mut String) {
    let sequence = |elements: &[Value], [open, close]: [char; 2], out: &mut String| {
        out.push(open);
        for element in elements {
            render_for_order(element, out);
            out.push(';');
        }
        out.push(close);
    };
    match &value.kind {
        Kind::Null(_) => out.push('~'),
        Kind::Unknown(_) => out.push('?'),
        Kind::Bool(value) => out.push(if *value { 'T' } else { 'F' }),
        Kind::Number(number) => match number.exact_decimal() {
            Some(decimal) => out.push_str(&decimal.general(Some(10))),
            None => out.push_str(&number.to_string()),
        },
        Kind::Text(text) => match text.as_str() {
            Some(known) => quote(&known, out),
            None => out.push('?'),
        },
        Kind::List(_, elements) | Kind::Set(_, elements) => sequence(elements, ['[', ']'], out),
        Kind::Tuple(elements) => sequence(elements, ['<', '>'], out),
        Kind::Object(fields) => {
            out.push('<');
            for attribute in fields.values() {
                render_for_order(attribute, out);
                out.push(';');
            }
            out.push('>');
        }
        Kind::Map(_, fields) => {
            out.push('{');
            for (key, element) in fields.iter() {
                quote(key, out);
                out.push(':');
                render_for_order(element, out);
                out.push(';');
            }
            out.push('}');
        }
    }
}

/// Quotes as Go's `%q` does.
fn quote(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{b}' => out.push_str("\\v"),
            c if (c as u32) < 0x80 && c.is_control() => out.push_str(&format!("\\x{:02x}", c as u32)),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
}

/// The one type that all of `types` convert to, if there is one: what makes the elements of `tolist([...])` or the two
/// results of a conditional alike.
pub fn unify(types: &[Type]) -> Option<Type> {
    let first = types.first()?;
    if types.iter().all(|ty| ty == first) && !first.has_dynamic() {
        return Some(first.clone());
    }
    let count = |is: fn(&Type) -> bool| types.iter().filter(|ty| is(ty)).count();
    let dynamics = count(|ty| *ty == Type::Dynamic);
    let maps = count(|ty| matches!(ty, Type::Map(_)));
    let lists = count(|ty| matches!(ty, Type::List(_)));
    let sets = count(|ty| matches!(ty, Type::Set(_)));
    let objects = count(|ty| matches!(ty, Type::Object(_)));
    let tuples = count(|ty| matches!(ty, Type::Tuple(_)));
    let all = |counted: usize| counted > 0 && counted + dynamics == types.len();
    if [maps, lists, sets, objects, tuples].into_iter().any(all) {
        // Once the dynamic ones are known anything may come out.
        return if dynamics > 0 { Some(Type::Dynamic) } else { unify_alike(first, types) };
    }
    if maps > 0
        && all(maps + objects)
        && let Some(unified) = unify_replaced(types, |ty| matches!(ty, Type::Object(_)), objects_as_map)
    {
        return Some(unified);
    }
    if lists > 0
        && all(lists + tuples)
        && let Some(unified) = unify_replaced(types, |ty| matches!(ty, Type::Tuple(_)), tuples_as_list)
    {
        return Some(unified);
    }
    if objects > 0 && tuples > 0 {
        return None;
    }
    // No new type can be made: the most general of those given that all others convert to.
    by_generality(types).into_iter().find(|wanted| types.iter().all(|ty| convertible(ty, wanted))).cloned()
}

/// The common type of types of one kind, that of `first`.
fn unify_alike(first: &Type, types: &[Type]) -> Option<Type> {
    let elements = || -> Vec<Type> {
        let element = |ty: &Type| match ty {
            Type::List(element) | Type::Set(element) | Type::Map(element) => Some(Type::clone(element)),
            _ => None,
        };
        types.iter().filter_map(element).collect()
    };
    match first {
        Type::List(_) => unify(&elements()).map(Type::list),
        Type::Set(_) => unify(&elements()).map(Type::set),
        Type::Map(_) => unify(&elements()).map(Type::map),
        Type::Object(object) => {
            let names = |ty: &Type| match ty {
                Type::Object(other) => other.attributes.keys().eq(object.attributes.keys()),
                _ => false,
            };
            if !types.iter().all(names) {
                return objects_as_map(types);
            }
            let across = object.attributes.keys().map(|name| {
                let attribute = |ty: &Type| match ty {
                    Type::Object(other) => other.attributes.get(name).cloned(),
                    _ => None,
                };
                let types: Vec<Type> = types.iter().filter_map(attribute).collect();
                Some((Arc::clone(name), unify(&types)?))
            });
            across.collect::<Option<Vec<_>>>().map(Type::object)
        }
        Type::Tuple(elements) => {
            let same_length = |ty: &Type| matches!(ty, Type::Tuple(other) if other.len() == elements.len());
            if !types.iter().all(same_length) {
                return tuples_as_list(types);
            }
            let across = (0..elements.len()).map(|at| {
                let element = |ty: &Type| match ty {
                    Type::Tuple(other) => other.get(at).cloned(),
                    _ => None,
                };
                let types: Vec<Type> = types.iter().filter_map(element).collect();
                unify(&types)
            });
            across.collect::<Option<Vec<_>>>().map(Type::tuple)
        }
        _ => None,
    }
}

/// Unifies after replacing the types that `is` picks by the one collection type they convert to.
fn unify_replaced(
    types: &[Type],
    is: impl Fn(&Type) -> bool,
    as_collection: impl Fn(&[Type]) -> Option<Type>,
) -> Option<Type> {
    let picked: Vec<Type> = types.iter().filter(|ty| is(ty)).cloned().collect();
    let replacement = as_collection(&picked)?;
    let replaced: Vec<Type> = types.iter().map(|ty| if is(ty) { replacement.clone() } else { ty.clone() }).collect();
    unify(&replaced).filter(|ty| matches!(ty, Type::Map(_) | Type::List(_)))
}

fn objects_as_map(types: &[Type]) -> Option<Type> {
    let attributes = types.iter().filter_map(|ty| match ty {
        Type::Object(object) => Some(object.attributes.values().cloned()),
        _ => None,
    });
    let map = Type::map(unify(&attributes.flatten().collect::<Vec<_>>())?);
    types.iter().all(|ty| convertible(ty, &map)).then_some(map)
}

fn tuples_as_list(types: &[Type]) -> Option<Type> {
    let elements = types.iter().filter_map(|ty| match ty {
        Type::Tuple(elements) => Some(elements.iter().cloned()),
        _ => None,
    });
    let list = Type::list(unify(&elements.flatten().collect::<Vec<_>>())?);
    types.iter().all(|ty| convertible(ty, &list)).then_some(list)
}

/// The types, more general ones before those that convert to them, else in the given order.
fn by_generality(types: &[Type]) -> Vec<&Type> {
    // The order is partial, so this is a topological sort; types that are alike need not be visited twice.
    let mut distinct: Vec<&Type> = Vec::new();
    for ty in types {
        if !distinct.contains(&ty) {
            distinct.push(ty);
        }
    }
    let mut ordered = Vec::with_capacity(distinct.len());
    while !distinct.is_empty() {
        let dominated = |ty: &Type| distinct.iter().any(|other| generality(other, ty) == Ordering::Less);
        // Without a cycle there is always one that nothing dominates.
        let (next, rest): (Vec<&Type>, Vec<&Type>) = distinct.iter().partition(|ty| !dominated(ty));
        if next.is_empty() {
            ordered.extend(rest);
            break;
        }
        ordered.extend(next);
        distinct = rest;
    }
    ordered
}

/// `Less` if `a` is the more general type and so the preferred one.
fn generality(a: &Type, b: &Type) -> Ordering {
    let prefer = |first: bool| if first { Ordering::Less } else { Ordering::Greater };
    let each = |pairs: &mut dyn Iterator<Item = Ordering>| {
        let (mut less, mut greater) = (false, false);
        for ordering in pairs {
            less |= ordering == Ordering::Less;
            greater |= ordering == Ordering::Greater;
        }
        greater.cmp(&less)
    };
    match (a, b) {
        (Type::Dynamic, Type::Dynamic) => Ordering::Equal,
        (Type::Dynamic, _) | (_, Type::Dynamic) => prefer(*b == Type::Dynamic),
        (Type::Text, Type::Text) => Ordering::Equal,
        (Type::Text, other) | (other, Type::Text) if other.is_primitive() => prefer(*a == Type::Text),
        (Type::List(a), Type::List(b)) | (Type::Set(a), Type::Set(b)) | (Type::Map(a), Type::Map(b)) => {
            generality(a, b)
        }
        (Type::List(_), Type::Tuple(_) | Type::Set(_)) | (Type::Tuple(_), Type::Set(_)) => Ordering::Less,
        (Type::Tuple(_) | Type::Set(_), Type::List(_)) | (Type::Set(_), Type::Tuple(_)) => Ordering::Greater,
        (Type::Map(_), Type::Object(_)) => Ordering::Less,
        (Type::Object(_), Type::Map(_)) => Ordering::Greater,
        (Type::Object(a), Type::Object(b)) if a.attributes.keys().eq(b.attributes.keys()) => {
            each(&mut a.attributes.values().zip(b.attributes.values()).map(|(a, b)| generality(a, b)))
        }
        (Type::Tuple(a), Type::Tuple(b)) if a.len() == b.len() => {
            each(&mut a.iter().zip(b.iter()).map(|(a, b)| generality(a, b)))
        }
        _ => Ordering::Equal,
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

/// Why a conversion from one type to the other is impossible.
fn mismatch(from: &Type, to: &Type) -> String {
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

#[cfg(test)]
mod tests;
