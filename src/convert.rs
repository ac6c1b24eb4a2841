//! Type conversion, unification and equality as cty does them.

use crate::types::Type;
use crate::value::{Unknown, Value};
use std::sync::Arc;

/// Why a conversion is impossible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConvertError {
    /// As Terraform says it: `a number is required`, `attribute "x": string required`.
    pub message: String,
}

/// The value as one of type `ty`; attributes that the constraint says are optional may be missing and become null.
///
/// # Errors
/// When no such conversion exists or this value does not allow it.
pub fn convert(value: &Value, _ty: &Type) -> Result<Value, ConvertError> {
    Ok(value.clone())
}

/// The one type that all of `types` convert to without loss, if there is one.
pub fn unify(_types: &[Type]) -> Option<Type> {
    None
}

/// `a == b` as Terraform decides it.
///
/// # Errors
/// The unknown on which it depends.
pub fn equal(_a: &Value, _b: &Value) -> Result<bool, Arc<Unknown>> {
    Ok(false)
}
