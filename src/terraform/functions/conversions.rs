//! Conversions between types, and marks.

use crate::convert::{constraint_name, convert};
use crate::types::Type;
use crate::value::{Kind, Marks, Value};

use super::spec::{Call, Failure, Function, Parameter, any, invalid, returns};

type Outcome = Result<Value, Failure>;

const VALUE: &[Parameter] = &[any("v").nullable().partial().marked()];
const MARKED: &[Parameter] = &[any("value").nullable().partial().marked()];

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("tobool", VALUE, returns::bool, |call| to(call, &Type::Bool)).of(0),
    Function::new("tolist", VALUE, returns::dynamic, |call| to(call, &Type::list(Type::Dynamic))).of(0),
    Function::new("tomap", VALUE, returns::dynamic, |call| to(call, &Type::map(Type::Dynamic))).of(0),
    Function::new("tonumber", VALUE, returns::number, |call| to(call, &Type::Number)).of(0),
    Function::new("toset", VALUE, returns::dynamic, |call| to(call, &Type::set(Type::Dynamic))).of(0),
    Function::new("tostring", VALUE, returns::text, |call| to(call, &Type::Text)).of(0),
    Function::new("ephemeralasnull", MARKED, returns::first, |call| call.pass(0)).of(0),
    Function::new("issensitive", MARKED, returns::bool, issensitive),
    Function::new("nonsensitive", MARKED, returns::first, nonsensitive).of(0),
    Function::new("sensitive", MARKED, returns::first, |call| Ok(call.pass(0)?.mark(&Marks::SENSITIVE))).of(0),
    Function::new("list", &[], returns::dynamic, |call| removed(call, "tolist([ ... ])")).rest(any("vals")),
    Function::new("map", &[], returns::dynamic, |call| removed(call, "tomap({ ... })")).rest(any("vals")),
];

fn to(call: &Call<'_>, ty: &Type) -> Outcome {
    let value = call.get(0)?;
    convert(value, ty).map_err(|_| {
        let given = value.ty().friendly_name();
        let wanted = constraint_name(ty);
        invalid(
            0,
            match (value.as_str(), ty) {
                _ if value.deep_marks().is_hidden() => format!("cannot convert this sensitive {given} to {wanted}"),
                (Some(text), Type::Bool) => {
                    format!("cannot convert {text:?} to bool; only the strings \"true\" or \"false\" are allowed")
                }
                (Some(text), Type::Number) => format!(
                    "cannot convert {text:?} to number; given string must be a decimal representation of a number"
                ),
                _ => format!("cannot convert {given} to {wanted}"),
            },
        )
    })
}

fn nonsensitive(call: &Call<'_>) -> Outcome {
    let mut value = call.pass(0)?;
    value.marks = value.marks.without(&Marks::SENSITIVE);
    Ok(value)
}

fn issensitive(call: &Call<'_>) -> Outcome {
    let value = call.get(0)?;
    match &value.kind {
        _ if value.marks.contains(&Marks::SENSITIVE) => Ok(Value::bool(true)),
        // A provider may yet say that it is.
        Kind::Unknown(unknown) => Err(Failure::Unknown(std::sync::Arc::clone(unknown))),
        _ => Ok(Value::bool(false)),
    }
}

fn removed(call: &Call<'_>, instead: &str) -> Outcome {
    let name = call.name;
    Err(format!(
        "the {name:?} function was deprecated in Terraform v0.12 and is no longer available; use {instead} syntax to \
         write a literal {name}"
    )
    .into())
}
