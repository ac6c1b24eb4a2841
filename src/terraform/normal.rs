//! How a provider built on Terraform's plugin SDK rewrites what a configuration says, as plans show it: empty and null
//! are not always told apart there.
//! <https://developer.hashicorp.com/terraform/plugin/sdkv2/schemas/schema-types>

use std::sync::Arc;

use super::operators::converted;
use super::schema::{Attribute, Nested, Schema};
use crate::text::Text;
use crate::types::Type;
use crate::value::{Fields, Kind, Reason, Unknown, Value};

/// Whether a written value is as good as none: null where there is a default, and null, an empty string or an empty
/// set where the provider computes a value.
pub fn is_as_good_as_unset(value: &Value, attribute: &Attribute) -> bool {
    match &value.kind {
        Kind::Null(_) => attribute.computed || attribute.default.is_some(),
        Kind::Text(_) => attribute.computed && value.as_str().is_some_and(|text| text.is_empty()),
        // An empty literal is a tuple until it becomes what the schema says.
        Kind::Tuple(elements) | Kind::List(_, elements) | Kind::Set(_, elements) => {
            attribute.computed
                && attribute.elements.is_none()
                && matches!(attribute.ty, Type::Set(_))
                && elements.is_empty()
        }
        _ => false,
    }
}

/// A converted argument of a resource as the plan shows it: maps lose null elements, empty maps and sets are null.
pub fn planned(value: Value, attribute: &Attribute) -> Value {
    match &value.kind {
        Kind::Map(ty, fields) => {
            let kept = || fields.fields().filter(|(_, field)| !field.value.is_null());
            if kept().next().is_none() {
                return Value { kind: Kind::Null(attribute.ty.clone()), ..value };
            }
            if fields.values().any(Value::is_null) {
                let mut map = Fields::default();
                for (key, field) in kept() {
                    map.insert(Arc::clone(key), field.key_span, field.value.clone());
                }
                return Value { kind: Kind::Map(ty.clone(), Arc::new(map)), ..value };
            }
            value
        }
        Kind::Set(_, elements) if elements.is_empty() && attribute.elements.is_none() => {
            Value { kind: Kind::Null(attribute.ty.clone()), ..value }
        }
        _ => value,
    }
}

/// An object in which the SDK has replaced what is not set by defaults and zeroes.
pub fn filled(object: Value, schema: &Schema) -> Value {
    let Some(fields) = object.fields() else { return object };
    let mut all = fields.clone();
    for (name, attribute) in &schema.attributes {
        let field = all.field(name);
        if field.is_some_and(|field| !field.value.is_null()) {
            continue;
        }
        let (origin, key_span) = match field {
            Some(field) => (field.value.origin.clone(), field.key_span),
            None => (object.origin.clone(), None),
        };
        let value = attribute.default.clone().unwrap_or_else(|| zero(&attribute.ty)).with_origin(origin);
        all.replace(Arc::clone(name), key_span, value);
    }
    for (name, nested) in &schema.blocks {
        if let Some(field) = fields.field(name) {
            let value = filled_elements(field.value.clone(), &nested.schema);
            all.replace(Arc::clone(name), field.key_span, converted(value, &nested.ty()));
        }
    }
    Value { kind: Kind::Object(Arc::new(all)), ..object }
}

/// A collection of objects, each [`filled`].
pub fn filled_elements(value: Value, schema: &Schema) -> Value {
    let Some(elements) = value.elements() else { return value };
    let elements = elements.iter().map(|element| filled(element.clone(), schema)).collect();
    Value { kind: Kind::Tuple(Arc::new(elements)), ..value }
}

/// What the SDK takes for "not set".
fn zero(ty: &Type) -> Value {
    Value::new(match ty {
        Type::Text => Kind::Text(Text::from("")),
        Type::Bool => Kind::Bool(false),
        Type::Number => return Value::number(0),
        Type::List(element) => Kind::List((**element).clone(), Arc::default()),
        Type::Set(element) => Kind::Set((**element).clone(), Arc::default()),
        Type::Map(element) => Kind::Map((**element).clone(), Arc::default()),
        other => Kind::Null(other.clone()),
    })
}

/// An argument of a data source after the provider has read it: what is empty is null, and in nested blocks what is
/// null is empty.
pub fn read(value: Value, attribute: Option<&Attribute>, nested: Option<&Nested>) -> Value {
    if let Some(nested) = nested {
        if value.elements().is_some_and(<[Value]>::is_empty) {
            return Value { kind: Kind::Null(nested.ty()), ..value };
        }
        let unknown = value.elements().is_some_and(|all| all.iter().any(|object| object.as_unknown().is_some()));
        let filled = filled_elements(value, &nested.schema);
        return if unknown { filled } else { converted(filled, &nested.ty()) };
    }
    let is_empty = match &value.kind {
        Kind::Text(_) => value.as_str().is_some_and(|text| text.is_empty()),
        Kind::List(_, elements) | Kind::Set(_, elements) => elements.is_empty(),
        Kind::Map(_, fields) => fields.is_empty(),
        _ => false,
    };
    match attribute {
        Some(attribute) if is_empty => Value { kind: Kind::Null(attribute.ty.clone()), ..value },
        _ => value,
    }
}

/// What two values have in common: parts that differ are unknown.
pub fn agreed(one: &Value, other: &Value, reason: &Reason) -> Value {
    let differs = || {
        let ty = if one.is_null() { other.ty() } else { one.ty() };
        let unknown = Unknown { ty, not_null: false, symbol: None, among: None, reason: reason.clone() };
        Value::new(Kind::Unknown(Arc::new(unknown)))
            .with_origin(one.origin.clone())
            .mark(&one.marks.union(&other.marks))
    };
    let elements = |a: &[Value], b: &[Value]| -> Option<Arc<Vec<Value>>> {
        (a.len() == b.len()).then(|| Arc::new(a.iter().zip(b).map(|(a, b)| agreed(a, b, reason)).collect()))
    };
    let fields = |a: &Fields, b: &Fields| -> Option<Arc<Fields>> {
        let mut all = Fields::default();
        for (key, field) in a.fields() {
            all.insert(Arc::clone(key), field.key_span, agreed(&field.value, b.get(key)?, reason));
        }
        (a.len() == b.len()).then(|| Arc::new(all))
    };
    let kind = match (&one.kind, &other.kind) {
        (Kind::Null(_), Kind::Null(_)) | (Kind::Unknown(_), Kind::Unknown(_)) => Some(one.kind.clone()),
        (Kind::Bool(a), Kind::Bool(b)) => (a == b).then(|| one.kind.clone()),
        (Kind::Number(a), Kind::Number(b)) => (a == b).then(|| one.kind.clone()),
        // Both come from one expression, so equal known texts are all there is to compare.
        (Kind::Text(a), Kind::Text(b)) => (a.as_str() == b.as_str()).then(|| one.kind.clone()),
        (Kind::Tuple(a), Kind::Tuple(b)) => elements(a, b).map(Kind::Tuple),
        (Kind::List(ty, a), Kind::List(_, b)) => elements(a, b).map(|all| Kind::List(ty.clone(), all)),
        (Kind::Set(ty, a), Kind::Set(_, b)) => elements(a, b).map(|all| Kind::Set(ty.clone(), all)),
        (Kind::Object(a), Kind::Object(b)) => fields(a, b).map(Kind::Object),
        (Kind::Map(ty, a), Kind::Map(_, b)) => fields(a, b).map(|all| Kind::Map(ty.clone(), all)),
        _ => None,
    };
    kind.map_or_else(differs, |kind| Value { kind, ..one.clone() })
}
