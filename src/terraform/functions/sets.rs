//! Set operations.

use std::sync::Arc;

use crate::convert::{convert, equal, length, set, unify};
use crate::types::Type;
use crate::value::{Kind, Marks, Value};

use super::spec::{Call, Failure, Function, Wants, any, invalid, list, returns, typed, wholly_known};

type Outcome = Result<Value, Failure>;

/// How many tuples a product may have.
const MAX_PRODUCT: usize = 100_000;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("setintersection", &[typed("first_set", Wants::Set)], returns_set, intersection)
        .rest(typed("other_sets", Wants::Set)),
    Function::new("setproduct", &[], returns::dynamic, product).rest(any("sets").marked()),
    Function::new("setsubtract", &[typed("a", Wants::Set), typed("b", Wants::Set)], returns_set, subtraction).of(0),
    Function::new("setunion", &[typed("first_set", Wants::Set)], returns_set, union)
        .rest(typed("other_sets", Wants::Set)),
];

fn returns_set(arguments: &[Value]) -> Type {
    Type::set(common(arguments).unwrap_or_default())
}

/// The type of the elements of all sets together; an empty set of any type does not count.
fn common(sets: &[Value]) -> Option<Type> {
    let element = |value: &Value| match value.ty() {
        Type::Set(element) if *element == Type::Dynamic && length(value) == Some(0) => None,
        Type::Set(element) => Some(Type::clone(&element)),
        _ => Some(Type::Dynamic),
    };
    let elements: Vec<Type> = sets.iter().filter_map(element).collect();
    if elements.is_empty() { Some(Type::Dynamic) } else { unify(&elements) }
}

/// The element type and the elements of each argument.
fn operands(call: &Call<'_>) -> Result<(Type, Vec<Vec<Value>>), Failure> {
    let element = common(&call.arguments).ok_or("given sets must all have compatible element types")?;
    let ty = Type::set(element.clone());
    let mut operands = Vec::new();
    for (at, argument) in call.arguments.iter().enumerate() {
        let converted = convert(argument, &ty).map_err(|e| invalid(at, e.message))?;
        operands.push(converted.elements().unwrap_or_default().to_vec());
    }
    Ok((element, operands))
}

fn union(call: &Call<'_>) -> Outcome {
    let (element, operands) = operands(call)?;
    Ok(set(element, operands.into_iter().flatten().collect()))
}

/// Keeps those of the first set that are in all (or none) of the others.
fn filter(call: &Call<'_>, wanted: bool) -> Outcome {
    call.arguments.iter().try_for_each(wholly_known)?;
    let (element, operands) = operands(call)?;
    let Some((first, others)) = operands.split_first() else {
        return Ok(set(element, Vec::new()));
    };
    let contains = |set: &[Value], value: &Value| set.iter().any(|other| matches!(equal(other, value), Ok(true)));
    let kept = first.iter().filter(|value| others.iter().all(|other| contains(other, value) == wanted));
    Ok(set(element, kept.cloned().collect()))
}

fn intersection(call: &Call<'_>) -> Outcome {
    filter(call, true)
}

fn subtraction(call: &Call<'_>) -> Outcome {
    filter(call, false)
}

/// All combinations of one element of each argument, the last varying fastest: a list if all are lists or tuples.
fn product(call: &Call<'_>) -> Outcome {
    if call.arguments.len() < 2 {
        return Err("at least two arguments are required".into());
    }
    let mut types = Vec::new();
    let mut factors = Vec::new();
    let mut marks = Marks::NONE;
    let mut ordered = true;
    for (at, argument) in call.arguments.iter().enumerate() {
        marks = marks.union(&argument.marks);
        let element = match &argument.kind {
            Kind::List(element, _) => element.clone(),
            Kind::Set(element, _) => {
                ordered = false;
                if let (None, Some(unknown)) = (length(argument), argument.first_unknown()) {
                    return Err(Failure::Unknown(unknown));
                }
                element.clone()
            }
            Kind::Tuple(elements) if elements.is_empty() => Type::Dynamic,
            Kind::Tuple(elements) => unify(&elements.iter().map(Value::ty).collect::<Vec<_>>())
                .ok_or_else(|| invalid(at, "all elements must be of the same type"))?,
            _ => return Err(invalid(at, "a set or a list is required")),
        };
        let converted = argument.elements().unwrap_or_default().iter().map(|value| convert(value, &element));
        factors.push(converted.collect::<Result<Vec<_>, _>>()?);
        types.push(element);
    }
    let total = factors.iter().try_fold(1usize, |total, factor| total.checked_mul(factor.len()));
    if total.is_none_or(|total| total.saturating_mul(factors.len()) > MAX_PRODUCT) {
        return Err(format!("the product would have more than {MAX_PRODUCT} elements").into());
    }
    let mut rows: Vec<Vec<Value>> = vec![Vec::new()];
    for factor in &factors {
        let extended = rows
            .iter()
            .flat_map(|row| factor.iter().map(|value| row.iter().chain([value]).cloned().collect::<Vec<Value>>()));
        rows = extended.collect();
    }
    let tuples = rows.into_iter().map(|row| Value::new(Kind::Tuple(Arc::new(row)))).collect();
    let element = Type::tuple(types);
    Ok(if ordered { list(element, tuples) } else { set(element, tuples) }.mark(&marks))
}
