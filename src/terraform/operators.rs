//! Operators, indexes, attributes: what HCL does with values, without looking at names.
//! <https://developer.hashicorp.com/terraform/language/expressions/operators>

use std::sync::Arc;

use super::evaluator::{Evaluated, fail, fail_always};
use super::expression::index_value;
use crate::convert::{convert, equal, unify};
use crate::number::Number;
use crate::source::Span;
use crate::syntax::hcl::{BinaryOp, UnaryOp};
use crate::types::Type;
use crate::value::{Fields, Kind, Origin, Symbol, Unknown, Value};

/// `-x`, `!x`
pub fn unary(op: UnaryOp, operand: &Value, span: Span) -> Evaluated {
    let ty = match op {
        UnaryOp::Negate => Type::Number,
        UnaryOp::Not => Type::Bool,
    };
    let value = operand_as(operand, &ty, span)?;
    let kind = match (&value.kind, op) {
        (Kind::Unknown(unknown), _) => {
            return Ok(Value::unknown_from(unknown, ty).at(span).mark(&operand.marks.without_credentials()));
        }
        (Kind::Bool(truth), UnaryOp::Not) => Kind::Bool(!truth),
        (Kind::Number(number), UnaryOp::Negate) => Kind::Number(number.neg()),
        _ => return fail("the operand is null", span),
    };
    Ok(Value::new(kind).at(span).mark(&operand.marks.without_credentials()))
}

/// The operand of an arithmetic or logical operator, converted; an unknown stays one.
fn operand_as(value: &Value, ty: &Type, span: Span) -> Evaluated {
    if value.is_null() {
        return fail("the operand of an operator is null", span);
    }
    let value = convert(value, ty).or_else(|error| fail(format!("unsuitable operand: {}", error.message), span))?;
    // A partly known string as a number or a truth value is simply unknown.
    Ok(match value.as_unknown() {
        Some(unknown) => Value::unknown_from(&unknown, ty.clone()).mark(&value.marks),
        None => value,
    })
}

/// `left op right`
pub fn binary(op: BinaryOp, left: &Value, right: &Value, at: [Span; 2], span: Span) -> Evaluated {
    // No credential can be told from a truth value or a number.
    let marks = left.marks.union(&right.marks).without_credentials();
    let result = match op {
        BinaryOp::Equal | BinaryOp::NotEqual => match equal(left, right) {
            Ok(same) => Value::bool(same == (op == BinaryOp::Equal)),
            Err(unknown) => Value::unknown_from(&unknown, Type::Bool),
        }
        .mark(&left.deep_marks().union(&right.deep_marks()).without_credentials()),
        BinaryOp::And | BinaryOp::Or => {
            let left = operand_as(left, &Type::Bool, at[0])?;
            let right = operand_as(right, &Type::Bool, at[1])?;
            // One operand may decide, whatever the other is: Terraform 1.11 says unknown there, OpenTofu decides.
            let deciding = op == BinaryOp::Or;
            match (left.as_bool(), right.as_bool()) {
                (Some(truth), _) | (_, Some(truth)) if truth == deciding => Value::bool(deciding),
                (Some(_), Some(_)) => Value::bool(!deciding),
                _ => unknown_result(&left, &right, Type::Bool),
            }
        }
        _ => {
            let left = operand_as(left, &Type::Number, at[0])?;
            let right = operand_as(right, &Type::Number, at[1])?;
            match (left.as_number(), right.as_number()) {
                (Some(a), Some(b)) => arithmetic(op, a, b, at[1])?,
                _ => {
                    let compares = matches!(
                        op,
                        BinaryOp::Less | BinaryOp::LessOrEqual | BinaryOp::Greater | BinaryOp::GreaterOrEqual
                    );
                    unknown_result(&left, &right, if compares { Type::Bool } else { Type::Number })
                }
            }
        }
    };
    Ok(result.at(span).mark(&marks))
}

fn unknown_result(left: &Value, right: &Value, ty: Type) -> Value {
    match left.as_unknown().or_else(|| right.as_unknown()) {
        Some(unknown) => Value::unknown_from(&unknown, ty),
        None => Value::null(),
    }
}

fn arithmetic(op: BinaryOp, a: &Number, b: &Number, at: Span) -> Evaluated {
    Ok(match op {
        BinaryOp::Add => Value::number(a.add(b)),
        BinaryOp::Subtract => Value::number(a.sub(b)),
        BinaryOp::Multiply => Value::number(a.mul(b)),
        // Terraform calls the result infinite, which nothing can be made of: `try` does not catch it either.
        BinaryOp::Divide => match a.div(b) {
            Some(result) => Value::number(result),
            None => return fail_always("division by zero", at),
        },
        // What is left of a division by zero is, as Terraform computes it, everything.
        BinaryOp::Modulo => Value::number(a.rem(b).unwrap_or_else(|| a.clone())),
        BinaryOp::Less => Value::bool(a < b),
        BinaryOp::LessOrEqual => Value::bool(a <= b),
        BinaryOp::Greater => Value::bool(a > b),
        BinaryOp::GreaterOrEqual => Value::bool(a >= b),
        BinaryOp::Equal | BinaryOp::NotEqual | BinaryOp::And | BinaryOp::Or => {
            return fail("no arithmetic operator", at);
        }
    })
}

/// The type that both arms of a conditional convert to; `None` if there is none.
pub fn common_type(yes: &Value, no: &Value) -> Option<Type> {
    match (&yes.kind, &no.kind) {
        (Kind::Null(Type::Dynamic), _) => return Some(no.ty()),
        (_, Kind::Null(Type::Dynamic)) => return Some(yes.ty()),
        _ => {}
    }
    let types = [yes.ty(), no.ty()];
    // A resource whose schema is not known has more attributes than its type says.
    if is_open(yes) || is_open(no) {
        return Some(Type::Dynamic);
    }
    unify(&types).or_else(|| types.iter().any(Type::has_dynamic).then_some(Type::Dynamic))
}

fn is_open(value: &Value) -> bool {
    match &value.kind {
        Kind::Object(fields) => fields.open().is_some() || fields.values().any(is_open),
        Kind::Tuple(elements) => elements.iter().any(is_open),
        _ => false,
    }
}

/// The value as one of the type, or as it is where that is impossible.
pub fn converted(value: Value, ty: &Type) -> Value {
    if *ty == Type::Dynamic { value } else { convert(&value, ty).unwrap_or(value) }
}

/// Whether both are the same wholly known string.
pub fn same_known(a: &Value, b: &Value) -> bool {
    matches!((a.as_str(), b.as_str()), (Some(a), Some(b)) if a == b)
}

/// Elements in a list if they are of one type, else a tuple.
pub fn list_of(elements: Vec<Value>) -> Value {
    let mut types = elements.iter().map(Value::ty);
    let first = types.next().unwrap_or_default();
    if types.all(|ty| ty == first) { Value::new(Kind::List(first, Arc::new(elements))) } else { Value::tuple(elements) }
}

/// Keys and values of a collection, as `for` sees them.
pub fn elements(collection: &Value, span: Span) -> Evaluated<Vec<(Value, Value)>> {
    let mark = |value: &Value| {
        let origin = collection.origin.select(&value.origin, value.origin.span);
        // Where the collection is a literal, the element is simply where it stands.
        let origin = if collection.origin.hops.is_none() { value.origin.clone() } else { origin };
        value.clone().with_origin(origin).mark(&collection.marks)
    };
    let key_at = |key: Value, value: &Value| match value.origin.span.or(collection.origin.span) {
        Some(span) => key.at(span),
        None => key,
    };
    match &collection.kind {
        Kind::Tuple(elements) | Kind::List(_, elements) => Ok(elements
            .iter()
            .enumerate()
            .map(|(index, value)| (key_at(index_value(index), value), mark(value)))
            .collect()),
        Kind::Set(_, elements) => Ok(elements.iter().map(|value| (mark(value), mark(value))).collect()),
        Kind::Object(fields) | Kind::Map(_, fields) => {
            let hops = &collection.origin.hops;
            Ok(fields
                .fields()
                .map(|(key, field)| {
                    let mut name = Value::text(key);
                    if let Some(span) = field.key_span {
                        name = name.with_origin(Origin { span: Some(span), hops: hops.clone() });
                        if let Kind::Text(text) = name.kind {
                            name.kind = Kind::Text(text.written_at(span));
                        }
                    } else {
                        name = key_at(name, &field.value);
                    }
                    (name, mark(&field.value))
                })
                .collect())
        }
        Kind::Null(_) => fail("a null value cannot be iterated over", span),
        other => fail(format!("{} cannot be iterated over", Value::new(other.clone()).ty().friendly_name()), span),
    }
}

/// `value.name`
pub fn attribute(value: &Value, name: &str, at: Span, span: Span) -> Evaluated {
    let found = match &value.kind {
        Kind::Object(fields) => match fields.get(name) {
            Some(found) => Some(found.clone()),
            None => fields.open().map(|rest| unknown_part(rest, &format!(".{name}"), Type::Dynamic)),
        },
        Kind::Map(_, fields) => fields.get(name).cloned(),
        Kind::Unknown(unknown) => {
            let ty = match &unknown.ty {
                Type::Dynamic => Type::Dynamic,
                Type::Map(element) => (**element).clone(),
                Type::Object(object) => match object.attributes.get(name) {
                    Some(ty) => ty.clone(),
                    None => return fail(format!("there is no attribute `{name}`"), at),
                },
                other => return fail(format!("{} has no attributes", other.friendly_name()), at),
            };
            return Ok(unknown_part(unknown, &format!(".{name}"), ty).at(span).mark(&value.marks));
        }
        Kind::Null(_) => return fail(format!("this value is null, so it has no attribute `{name}`"), at),
        _ => return fail(format!("{} has no attributes", value.ty().friendly_name()), at),
    };
    match found {
        Some(found) => Ok(selected(value, found, span)),
        None => fail(format!("there is no attribute `{name}`{}", names_of(value)), at),
    }
}

fn names_of(value: &Value) -> String {
    let names: Vec<&str> =
        value.fields().map(|fields| fields.keys().map(|key| &**key).take(12).collect()).unwrap_or_default();
    if names.is_empty() { String::new() } else { format!("; there are {}", names.join(", ")) }
}

/// `value[key]`
pub fn index(value: &Value, key: &Value, at: Span, span: Span) -> Evaluated {
    let marks = value.marks.union(&key.marks);
    if value.is_null() {
        return fail("this value is null, so it has no elements", at);
    }
    if key.is_null() {
        return fail("the index is null", at);
    }
    let unknown_key = key.as_unknown();
    let found = match &value.kind {
        Kind::Unknown(unknown) => {
            let ty = match &unknown.ty {
                Type::Dynamic | Type::Object(_) | Type::Tuple(_) => Type::Dynamic,
                Type::List(element) | Type::Map(element) => (**element).clone(),
                other => return fail(format!("{} cannot be indexed", other.friendly_name()), at),
            };
            let part = match (unknown_key, key_text(key)) {
                (None, Some(suffix)) => unknown_part(unknown, &suffix, ty),
                _ => Value::unknown_from_nullable(unknown, ty),
            };
            return Ok(part.at(span).mark(&marks));
        }
        Kind::Tuple(elements) | Kind::List(_, elements) => {
            if let Some(unknown) = unknown_key {
                return Ok(Value::unknown_from_nullable(&unknown, element_type(value)).at(span).mark(&marks));
            }
            let number = convert(key, &Type::Number).ok().and_then(|key| key.as_number().cloned());
            let Some(number) = number else { return fail("the index of a list must be a number", at) };
            let found = number.as_usize().and_then(|index| elements.get(index));
            match found {
                Some(found) => found.clone(),
                None => {
                    let count = elements.len();
                    return fail(format!("there is no element {number}: the list has {count}"), at);
                }
            }
        }
        Kind::Object(fields) | Kind::Map(_, fields) => {
            if let Some(unknown) = unknown_key {
                return Ok(Value::unknown_from_nullable(&unknown, element_type(value)).at(span).mark(&marks));
            }
            let name = convert(key, &Type::Text).ok().and_then(|key| key.as_str().map(|name| name.into_owned()));
            let Some(name) = name else { return fail("the key of a map must be a string", at) };
            match (fields.get(&name), fields.open()) {
                (Some(found), _) => found.clone(),
                (None, Some(rest)) => unknown_part(rest, &format!(".{name}"), Type::Dynamic),
                (None, None) if key.marks.is_hidden() => return fail("there is no element of that name", at),
                (None, None) => return fail(format!("there is no element \"{name}\"{}", names_of(value)), at),
            }
        }
        Kind::Set(..) => return fail("the elements of a set have no order, so none can be picked by an index", at),
        _ => return fail(format!("{} cannot be indexed", value.ty().friendly_name()), at),
    };
    Ok(selected(value, found, span).mark(&marks))
}

fn element_type(value: &Value) -> Type {
    match &value.kind {
        Kind::List(ty, _) | Kind::Map(ty, _) => ty.clone(),
        _ => Type::Dynamic,
    }
}

/// `[0]` or `["a"]`, as addresses are written.
fn key_text(key: &Value) -> Option<String> {
    match &key.kind {
        Kind::Number(number) => Some(format!("[{number}]")),
        Kind::Text(text) => Some(format!("[\"{}\"]", text.as_str()?.escape_default())),
        _ => None,
    }
}

/// A part of an unknown: it keeps the symbol, extended by the part's name.
fn unknown_part(unknown: &Unknown, suffix: &str, ty: Type) -> Value {
    let symbol = unknown.symbol.as_ref().map(|symbol: &Symbol| symbol.part(suffix));
    let part = Unknown { ty, not_null: false, symbol, among: None, reason: unknown.reason.clone() };
    Value::new(Kind::Unknown(Arc::new(part)))
}

/// `[*]` of an unknown: of a list or set of known element type it is a list, else anything.
pub fn unknown_splat(unknown: &Unknown, span: Span) -> Value {
    Value::unknown_from(unknown, Type::Dynamic).at(span)
}

fn selected(container: &Value, mut element: Value, span: Span) -> Value {
    element.origin = container.origin.select(&element.origin, Some(span));
    element.mark(&container.marks)
}

/// The fields of an object as an open object: more attributes exist than those.
pub fn open_object(mut fields: Fields, rest: Arc<Unknown>) -> Value {
    fields.set_open(rest);
    Value::object(fields)
}
