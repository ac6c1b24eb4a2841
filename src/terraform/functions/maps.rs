//! Maps and objects.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::convert::convert;
use crate::text::Text;
use crate::types::Type;
use crate::value::{Field, Fields, Kind, Marks, Origin, Value};

use super::spec::{
    Call, Failure, Function, Wants, any, invalid, known, list, listed, returns, text, text_value, typed, wholly_known,
};

type Outcome = Result<Value, Failure>;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("keys", &[any("inputMap").partial().marked()], returns_keys, keys).of(0),
    Function::new("lookup", &[any("inputMap").marked(), text("key")], returns_value, lookup)
        .rest(any("default").nullable().partial().marked())
        .may_be_null()
        .traced(),
    Function::new("merge", &[], returns::dynamic, merge).rest(any("maps").nullable().marked()),
    Function::new("transpose", &[typed("values", Wants::TextsByKey)], returns_transposed, transpose).of(0),
    Function::new("values", &[any("mapping").marked()], returns_values, values).of(0),
    Function::new("zipmap", &[typed("keys", Wants::Texts), any("values").marked()], returns_zipped, zipmap).of(1),
];

fn returns_keys(arguments: &[Value]) -> Type {
    match returns::first(arguments) {
        Type::Map(_) => Type::list(Type::Text),
        _ => Type::Dynamic,
    }
}

fn returns_value(arguments: &[Value]) -> Type {
    match returns::first(arguments) {
        Type::Map(element) => Type::clone(&element),
        _ => Type::Dynamic,
    }
}

fn returns_values(arguments: &[Value]) -> Type {
    match returns::first(arguments) {
        Type::Map(element) => Type::List(element),
        Type::Object(object) => Type::tuple(object.attributes.values().cloned()),
        _ => Type::Dynamic,
    }
}

fn returns_zipped(arguments: &[Value]) -> Type {
    match arguments.get(1).map(Value::ty) {
        Some(Type::List(element)) => Type::Map(element),
        _ => Type::Dynamic,
    }
}

fn returns_transposed(_: &[Value]) -> Type {
    Type::map(Type::list(Type::Text))
}

fn keys(call: &Call<'_>) -> Outcome {
    let value = call.get(0)?;
    listed(value)?;
    let key = |(key, field): (&Arc<str>, &Field)| {
        let text = text_value(Text::literal(Arc::clone(key), field.key_span, false));
        text.with_origin(Origin { span: field.key_span, hops: None })
    };
    let result = match &value.kind {
        Kind::Map(_, fields) => list(Type::Text, fields.fields().map(key).collect()),
        Kind::Object(fields) => Value::tuple(fields.fields().map(key).collect()),
        Kind::Unknown(unknown) => match &unknown.ty {
            Type::Object(object) => Value::tuple(object.attributes.keys().map(Value::text).collect()),
            Type::Map(_) | Type::Dynamic => return Err(Failure::Unknown(Arc::clone(unknown))),
            _ => return Err(invalid(0, "must have map or object type")),
        },
        _ => return Err(invalid(0, "must have map or object type")),
    };
    Ok(result.mark(&value.marks))
}

fn values(call: &Call<'_>) -> Outcome {
    let value = call.get(0)?;
    listed(value)?;
    let result = match &value.kind {
        Kind::Map(element, fields) => list(element.clone(), fields.values().cloned().collect()),
        Kind::Object(fields) => Value::tuple(fields.values().cloned().collect()),
        _ => return Err("values() requires a map as the first argument".into()),
    };
    Ok(result.mark(&value.marks))
}

fn lookup(call: &Call<'_>) -> Outcome {
    let (value, key) = (call.get(0)?, call.str(1)?);
    if call.arguments.len() > 3 {
        return Err(format!("lookup() takes two or three arguments, got {}", call.arguments.len()).into());
    }
    let default = call.arguments.get(2);
    let element = match &value.kind {
        Kind::Map(element, _) => Some(element),
        Kind::Object(_) => None,
        _ => return Err(invalid(0, "lookup() requires a map as the first argument")),
    };
    let default = match (element, default) {
        (Some(element), Some(default)) => Some(
            convert(default, element)
                .map_err(|_| invalid(2, "the default value must have the same type as the map elements"))?,
        ),
        (_, default) => default.cloned(),
    };
    if value.fields().is_some_and(|fields| fields.get(&key).is_none()) {
        listed(value)?;
    }
    match (value.fields().and_then(|fields| fields.get(&key)), default) {
        (Some(found), _) => Ok(call.select(0, found)),
        (None, Some(default)) => Ok(default.with_origin(call.origin_of(2)).mark(&value.marks)),
        (None, None) if element.is_none() => Err(invalid(0, format!("the given object has no attribute {key:?}"))),
        (None, None) => Err(format!("lookup failed to find key {key:?}").into()),
    }
}

fn merge(call: &Call<'_>) -> Outcome {
    let mut merged = Fields::default();
    let mut marks = Marks::NONE;
    let mut types = Vec::new();
    for argument in &call.arguments {
        listed(argument)?;
        marks = marks.union(&argument.marks);
        types.push(argument.ty());
        let fields = match &argument.kind {
            Kind::Map(_, fields) | Kind::Object(fields) => fields,
            Kind::Null(Type::Map(_) | Type::Object(_) | Type::Dynamic) => continue,
            _ => {
                let ty = argument.ty().friendly_name();
                return Err(format!("arguments must be maps or objects, got {ty:?}").into());
            }
        };
        for (key, field) in fields.fields() {
            merged.replace(Arc::clone(key), field.key_span, field.value.clone());
        }
    }
    let kind = match types.split_first() {
        Some((Type::Map(element), others)) if others.iter().all(|ty| *ty == Type::Map(Arc::clone(element))) => {
            Kind::Map(Type::clone(element), Arc::new(merged))
        }
        _ => Kind::Object(Arc::new(merged)),
    };
    Ok(Value::new(kind).mark(&marks))
}

fn transpose(call: &Call<'_>) -> Outcome {
    wholly_known(call.get(0)?)?;
    let mut turned: BTreeMap<Arc<str>, Vec<Value>> = BTreeMap::new();
    for (key, field) in call.fields(0)?.fields() {
        for element in field.value.elements().unwrap_or_default() {
            let key = text_value(Text::literal(Arc::clone(key), field.key_span, false));
            turned.entry(Arc::from(known(element)?)).or_default().push(key);
        }
    }
    let fields = turned.into_iter().map(|(key, elements)| (key, list(Type::Text, elements))).collect();
    Ok(Value::new(Kind::Map(Type::list(Type::Text), Arc::new(fields))))
}

fn zipmap(call: &Call<'_>) -> Outcome {
    let (keys, values) = (call.elements(0)?, call.get(1)?);
    wholly_known(call.get(0)?)?;
    let element = match &values.kind {
        Kind::List(element, _) => Some(element.clone()),
        Kind::Tuple(_) => None,
        _ => return Err("values argument must be a list or tuple value".into()),
    };
    let elements = call.elements(1)?;
    if keys.len() != elements.len() {
        let (keys, values) = (keys.len(), elements.len());
        return Err(format!("number of keys ({keys}) does not match number of values ({values})").into());
    }
    let mut fields = Fields::default();
    for (at, (key, value)) in keys.iter().zip(elements).enumerate() {
        if key.is_null() {
            return Err(format!("keys list has null value at index {at}").into());
        }
        fields.replace(Arc::from(known(key)?), key.origin.span, value.clone());
    }
    let kind = match element {
        Some(element) => Kind::Map(element, Arc::new(fields)),
        None => Kind::Object(Arc::new(fields)),
    };
    Ok(Value::new(kind).mark(&values.marks))
}
