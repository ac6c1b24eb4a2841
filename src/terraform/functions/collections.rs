//! Lists, sets and tuples: picking, searching, rearranging.

use std::sync::Arc;

use unicode_segmentation::UnicodeSegmentation;

use crate::convert::{convert, equal, length as known_length, unify};
use crate::number::Number;
use crate::text::Text;
use crate::types::Type;
use crate::value::{Kind, Marks, Value};

use super::spec::{
    Call, Failure, Function, Wants, any, invalid, known, list, listed, number, returns, text_value, typed, wholly_known,
};

type Outcome = Result<Value, Failure>;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("alltrue", &[typed("list", Wants::Bools)], returns::bool, alltrue),
    Function::new("anytrue", &[typed("list", Wants::Bools)], returns::bool, anytrue),
    Function::new("chunklist", &[typed("list", Wants::List).marked(), number("size")], returns_lists, chunklist).of(0),
    Function::new("coalesce", &[], returns_common, coalesce).rest(any("vals").nullable().partial()).traced(),
    Function::new("coalescelist", &[], returns::dynamic, coalescelist).rest(any("vals").nullable().partial()).traced(),
    Function::new("compact", &[typed("list", Wants::Texts)], returns::texts, compact).of(0),
    Function::new("concat", &[], returns::dynamic, concat).rest(any("seqs").marked()),
    Function::new("contains", &[any("list"), any("value").partial()], returns::bool, contains),
    Function::new("distinct", &[typed("list", Wants::List)], returns::first, distinct).of(0),
    Function::new("element", &[any("list").marked(), number("index")], returns_element, element).may_be_null().traced(),
    Function::new("flatten", &[any("list").marked()], returns::dynamic, flatten).of(0),
    Function::new("index", &[any("list"), any("value").partial()], returns::number, index),
    Function::new("length", &[any("value").partial().marked()], returns::number, length),
    Function::new("matchkeys", MATCHKEYS, returns::first, matchkeys).of(0),
    Function::new("one", &[any("list").marked()], returns_element, one).may_be_null().traced(),
    Function::new("range", &[], returns::numbers, range).rest(number("params")),
    Function::new("reverse", &[any("list").marked()], returns_reversed, reverse).of(0),
    Function::new("slice", &[any("list").marked(), number("start_index"), number("end_index")], returns_slice, slice)
        .of(0),
    Function::new("sort", &[typed("list", Wants::Texts).partial()], returns::texts, sort).of(0),
];

const MATCHKEYS: &[super::spec::Parameter] =
    &[typed("values", Wants::List), typed("keys", Wants::List), typed("searchset", Wants::List)];

fn returns_lists(arguments: &[Value]) -> Type {
    Type::list(returns::first(arguments))
}

fn returns_common(arguments: &[Value]) -> Type {
    unify(&arguments.iter().map(Value::ty).collect::<Vec<_>>()).unwrap_or_default()
}

fn returns_element(arguments: &[Value]) -> Type {
    match returns::first(arguments) {
        Type::List(element) | Type::Set(element) => Type::clone(&element),
        _ => Type::Dynamic,
    }
}

fn returns_reversed(arguments: &[Value]) -> Type {
    match returns::first(arguments) {
        Type::List(element) | Type::Set(element) => Type::List(element),
        Type::Tuple(elements) => Type::tuple(elements.iter().rev().cloned()),
        _ => Type::Dynamic,
    }
}

fn returns_slice(arguments: &[Value]) -> Type {
    match returns::first(arguments) {
        list @ Type::List(_) => list,
        _ => Type::Dynamic,
    }
}

fn length(call: &Call<'_>) -> Outcome {
    let value = call.get(0)?;
    listed(value)?;
    let marks = &value.marks;
    let count = match (&value.kind, value.as_unknown()) {
        (Kind::Text(text), None) => text.as_str().map(|known| known.graphemes(true).count()),
        (Kind::Number(_) | Kind::Bool(_), _) => {
            return Err("argument must be a string, a collection type, or a structural type".into());
        }
        _ => known_length(value),
    };
    match (count, value.first_unknown()) {
        (Some(count), _) => Ok(Value::number(count as i64).mark(marks)),
        (None, Some(unknown)) => Ok(Value::unknown_from(&unknown, Type::Number).mark(marks)),
        (None, None) => Err("argument must be a string, a collection type, or a structural type".into()),
    }
}

/// Whether all (or any) elements are true; one that decides does so whatever is unknown besides.
fn truths(call: &Call<'_>, deciding: bool) -> Outcome {
    let mut open = None;
    for element in call.elements(0)? {
        // Null counts as false.
        match (element.as_unknown(), element.as_bool().unwrap_or(false)) {
            (Some(unknown), _) => open = open.or(Some(unknown)),
            (None, truth) if truth == deciding => return Ok(Value::bool(deciding)),
            _ => {}
        }
    }
    open.map_or(Ok(Value::bool(!deciding)), |unknown| Err(Failure::Unknown(unknown)))
}

fn alltrue(call: &Call<'_>) -> Outcome {
    truths(call, false)
}

fn anytrue(call: &Call<'_>) -> Outcome {
    truths(call, true)
}

fn chunklist(call: &Call<'_>) -> Outcome {
    let Kind::List(element, elements) = &call.get(0)?.kind else {
        return Err(invalid(0, "list required"));
    };
    let size = usize::try_from(call.integer(1)?).map_err(|_| "the size argument must be positive")?;
    let chunks: Vec<Value> = match size {
        _ if elements.is_empty() => Vec::new(),
        0 => vec![call.get(0)?.clone()],
        size => elements.chunks(size).map(|chunk| list(element.clone(), chunk.to_vec())).collect(),
    };
    Ok(list(Type::list(element.clone()), chunks).mark(&call.get(0)?.marks))
}

/// The first argument that is neither null nor, among strings, empty.
fn coalesce(call: &Call<'_>) -> Outcome {
    let types: Vec<Type> = call.arguments.iter().map(Value::ty).collect();
    if types.is_empty() {
        return Err("at least one argument is required".into());
    }
    let common = unify(&types).ok_or("all arguments must have the same type")?;
    for (at, argument) in call.arguments.iter().enumerate() {
        let empty = match &argument.kind {
            Kind::Null(_) => true,
            Kind::Text(text) => common == Type::Text && text.as_str().is_some_and(|known| known.is_empty()),
            _ => false,
        };
        if !empty {
            return Ok(convert(argument, &common)?.with_origin(call.origin_of(at)));
        }
    }
    Err("no non-null, non-empty-string arguments".into())
}

fn coalescelist(call: &Call<'_>) -> Outcome {
    if call.arguments.is_empty() {
        return Err("at least one argument is required".into());
    }
    for (at, argument) in call.arguments.iter().enumerate() {
        match &argument.kind {
            Kind::Unknown(unknown) => return Err(Failure::Unknown(Arc::clone(unknown))),
            Kind::Null(Type::List(_) | Type::Tuple(_)) => {}
            Kind::Tuple(elements) | Kind::List(_, elements) if elements.is_empty() => {}
            Kind::Tuple(_) | Kind::List(..) => return call.pass(at),
            _ => return Err("coalescelist arguments must be lists or tuples".into()),
        }
    }
    Err("no non-null arguments".into())
}

fn compact(call: &Call<'_>) -> Outcome {
    let mut kept = Vec::new();
    for element in call.elements(0)? {
        match &element.kind {
            Kind::Null(_) => {}
            // Something of it is known, so it is not empty.
            Kind::Text(text) if text.known_len() > 0 => kept.push(element.clone()),
            _ => {
                known(element)?;
            }
        }
    }
    Ok(list(Type::Text, kept))
}

fn concat(call: &Call<'_>) -> Outcome {
    if call.arguments.is_empty() {
        return Err("at least one argument is required".into());
    }
    let lists = call.arguments.iter().map(|argument| match &argument.kind {
        Kind::List(element, _) => Some(element.clone()),
        _ => None,
    });
    let element = lists.collect::<Option<Vec<Type>>>().and_then(|elements| unify(&elements));
    let mut all = Vec::new();
    let mut marks = Marks::NONE;
    for (at, argument) in call.arguments.iter().enumerate() {
        marks = marks.union(&argument.marks);
        match &argument.kind {
            Kind::Tuple(elements) | Kind::List(_, elements) => all.extend(elements.iter().cloned()),
            _ => {
                let ty = argument.ty().friendly_name();
                return Err(invalid(at, format!("all arguments must be lists or tuples; got {ty}")));
            }
        }
    }
    match element {
        Some(element) => {
            let converted = all.iter().map(|value| convert(value, &element)).collect::<Result<_, _>>()?;
            Ok(list(element, converted).mark(&marks))
        }
        None => Ok(Value::tuple(all).mark(&marks)),
    }
}

fn contains(call: &Call<'_>) -> Outcome {
    let haystack = call.get(0)?;
    if !matches!(haystack.kind, Kind::Tuple(_) | Kind::List(..) | Kind::Set(..)) {
        return Err("argument must be list, tuple, or set".into());
    }
    let mut open = None;
    for element in call.elements(0)? {
        match equal(call.get(1)?, element) {
            Ok(true) => return Ok(Value::bool(true)),
            Ok(false) => {}
            Err(unknown) => open = open.or(Some(unknown)),
        }
    }
    open.map_or(Ok(Value::bool(false)), |unknown| Err(Failure::Unknown(unknown)))
}

fn index(call: &Call<'_>) -> Outcome {
    let value = call.get(0)?;
    if !matches!(value.kind, Kind::Tuple(_) | Kind::List(..)) {
        return Err(invalid(0, "argument must be a list or tuple"));
    }
    let elements = call.elements(0)?;
    if elements.is_empty() {
        return Err("cannot search an empty list".into());
    }
    for (at, element) in elements.iter().enumerate() {
        if equal(element, call.get(1)?)? {
            return Ok(Value::number(at as i64));
        }
    }
    Err("item not found".into())
}

fn distinct(call: &Call<'_>) -> Outcome {
    let value = call.get(0)?;
    wholly_known(value)?;
    let Kind::List(element, elements) = &value.kind else {
        return Err(invalid(0, "list required"));
    };
    let mut kept: Vec<Value> = Vec::new();
    for candidate in elements.iter() {
        let mut seen = false;
        for other in &kept {
            seen = seen || equal(other, candidate)?;
        }
        if !seen {
            kept.push(candidate.clone());
        }
    }
    Ok(list(element.clone(), kept))
}

fn element(call: &Call<'_>) -> Outcome {
    let value = call.get(0)?;
    let elements = match &value.kind {
        Kind::Tuple(elements) | Kind::List(_, elements) => elements,
        _ => return Err(format!("cannot read elements from {}", value.ty().friendly_name()).into()),
    };
    if elements.is_empty() {
        return Err("cannot use element function with an empty list".into());
    }
    let count = elements.len() as i64;
    let wanted = call.integer(1)?;
    if matches!(value.kind, Kind::Tuple(_)) && wanted % count < 0 {
        return Err(format!("index out of range [{}]", wanted % count).into());
    }
    let at = usize::try_from(wanted.rem_euclid(count)).unwrap_or_default();
    elements.get(at).map(|element| call.select(0, element)).ok_or_else(|| "invalid index".into())
}

fn one(call: &Call<'_>) -> Outcome {
    let value = call.get(0)?;
    let message = "must be a list, set, or tuple value with either zero or one elements";
    let elements = value.elements().ok_or_else(|| invalid(0, message))?;
    match (elements, known_length(value), value.first_unknown()) {
        ([], ..) => {
            let null = Value::new(Kind::Null(returns_element(&call.arguments)));
            Ok(null.with_origin(call.origin_of(0)).mark(&value.marks))
        }
        ([only], ..) => Ok(call.select(0, only)),
        (_, None, Some(unknown)) => Err(Failure::Unknown(unknown)),
        _ => Err(invalid(0, message)),
    }
}

/// Puts the elements of nested sequences in their places, marks added to `marks`.
fn flatten_into(value: &Value, flat: &mut Vec<Value>, marks: &mut Marks) -> Result<(), Failure> {
    marks.add(&value.marks);
    let elements = value.elements().unwrap_or_default();
    if let (Kind::Set(..), None, Some(unknown)) = (&value.kind, known_length(value), value.first_unknown()) {
        return Err(Failure::Unknown(unknown));
    }
    for element in elements {
        let sequence = matches!(element.ty(), Type::List(_) | Type::Set(_) | Type::Tuple(_));
        match &element.kind {
            Kind::Tuple(_) | Kind::List(..) | Kind::Set(..) => flatten_into(element, flat, marks)?,
            // It may turn out to be a sequence.
            Kind::Unknown(unknown) if sequence || unknown.ty == Type::Dynamic => {
                return Err(Failure::Unknown(Arc::clone(unknown)));
            }
            _ => flat.push(element.clone()),
        }
    }
    Ok(())
}

fn flatten(call: &Call<'_>) -> Outcome {
    let value = call.get(0)?;
    if value.elements().is_none() {
        return Err("can only flatten lists, sets and tuples".into());
    }
    let (mut flat, mut marks) = (Vec::new(), Marks::NONE);
    flatten_into(value, &mut flat, &mut marks)?;
    Ok(Value::tuple(flat).mark(&marks))
}

fn matchkeys(call: &Call<'_>) -> Outcome {
    let [values, keys, searched] = [0, 1, 2].map(|at| call.elements(at));
    let (values, keys, searched) = (values?, keys?, searched?);
    let common = unify(&[call.get(1)?.ty(), call.get(2)?.ty()]);
    let common = common.ok_or("keys and searchset must be of the same type")?;
    if values.len() != keys.len() {
        return Err("length of keys and values should be equal".into());
    }
    let element = returns_element(&call.arguments);
    if searched.is_empty() {
        return Ok(list(element, Vec::new()));
    }
    let (keys, searched) = (convert(call.get(1)?, &common)?, convert(call.get(2)?, &common)?);
    let mut kept = Vec::new();
    for (value, key) in values.iter().zip(keys.elements().unwrap_or_default()) {
        for wanted in searched.elements().unwrap_or_default() {
            if equal(key, wanted)? {
                kept.push(value.clone());
                break;
            }
        }
    }
    Ok(list(element, kept))
}

/// At most 1024 numbers, as in Terraform.
fn range(call: &Call<'_>) -> Outcome {
    const LIMIT: usize = 1024;
    let numbers = (0..call.arguments.len()).map(|at| call.number(at)).collect::<Result<Vec<_>, _>>()?;
    let (zero, one) = (Number::from(0), Number::from(1));
    let towards = |start: &Number, end: &Number| if end < start { one.neg() } else { one.clone() };
    let (start, end, step) = match *numbers.as_slice() {
        [end] => (zero.clone(), end, towards(&zero, end)),
        [start, end] => (start.clone(), end, towards(start, end)),
        [start, end, step] => (start.clone(), end, step.clone()),
        _ => return Err("must have one, two, or three arguments".into()),
    };
    let down = step.is_negative();
    if down && *end > start {
        return Err(invalid(1, "end must be less than start when step is negative"));
    }
    if !down && *end < start {
        return Err(invalid(1, "end must be greater than start when step is positive"));
    }
    let mut values = Vec::new();
    let mut next = start;
    while if down { next > *end } else { next < *end } {
        if values.len() >= LIMIT {
            return Err(format!(
                "more than {LIMIT} values were generated; either decrease the difference between start and end or use \
                 a smaller step"
            )
            .into());
        }
        values.push(Value::number(next.clone()));
        next = next.add(&step);
    }
    Ok(list(Type::Number, values))
}

fn reverse(call: &Call<'_>) -> Outcome {
    let value = call.get(0)?;
    let reversed = |elements: &[Value]| elements.iter().rev().cloned().collect::<Vec<_>>();
    let result = match &value.kind {
        Kind::Tuple(elements) => Value::tuple(reversed(elements)),
        Kind::List(element, elements) => list(element.clone(), reversed(elements)),
        Kind::Set(element, elements) => match (known_length(value), value.first_unknown()) {
            (None, Some(unknown)) => return Err(Failure::Unknown(unknown)),
            _ => list(element.clone(), reversed(elements)),
        },
        _ => {
            let ty = value.ty().friendly_name();
            return Err(invalid(0, format!("can only reverse list or tuple values, not {ty}")));
        }
    };
    Ok(result.mark(&value.marks))
}

fn slice(call: &Call<'_>) -> Outcome {
    let value = call.get(0)?;
    let elements = match &value.kind {
        Kind::Tuple(elements) | Kind::List(_, elements) => elements,
        Kind::Set(..) => {
            return Err(invalid(
                0,
                "cannot slice a set, because its elements do not have indices; explicitly convert to a list if the \
                 ordering of the result is not important",
            ));
        }
        _ => return Err(invalid(0, "must be a list or tuple value")),
    };
    let bound = |at: usize, name: &str| {
        let index = call.integer(at)?;
        let index =
            usize::try_from(index).map_err(|_| invalid(at, format!("{name} index must not be less than zero")))?;
        if index > elements.len() {
            return Err(invalid(at, format!("{name} index must not be greater than the length of the list")));
        }
        Ok(index)
    };
    let (start, end) = (bound(1, "start")?, bound(2, "end")?);
    let kept = elements.get(start..end).ok_or_else(|| invalid(1, "start index must not be greater than end index"))?;
    let result = match &value.kind {
        Kind::List(element, _) => list(element.clone(), kept.to_vec()),
        _ => Value::tuple(kept.to_vec()),
    };
    Ok(result.mark(&value.marks))
}

/// Sorts by code point. Among unknown strings the order is unknown, but not the number.
fn sort(call: &Call<'_>) -> Outcome {
    let elements = call.elements(0)?;
    if let Some(unknown) = call.get(0)?.first_unknown() {
        let hole = || text_value(Text::unknown(super::pieces::changed(&unknown)));
        return Ok(list(Type::Text, elements.iter().map(|_| hole()).collect()));
    }
    let mut keyed = Vec::with_capacity(elements.len());
    for (at, element) in elements.iter().enumerate() {
        if element.is_null() {
            return Err(format!("given list element {at} is null; a null string cannot be sorted").into());
        }
        keyed.push((known(element)?.into_owned(), element));
    }
    keyed.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(list(Type::Text, keyed.into_iter().map(|(_, element)| element.clone()).collect()))
}
