//! Terraform's built-in functions.
//!
//! A function is one entry in the table of the file of its idea: parameters, the type of its result, and its rule.
//! What all functions have in common (counting and converting arguments, nulls, unknowns, marks, origins) is done once,
//! in [`spec`].

mod pieces;
mod spec;

mod collections;
mod conversions;
mod csv;
mod encoding;
mod filesystem;
mod format;
mod hash;
mod maps;
mod network;
mod numeric;
mod regexes;
mod sets;
mod strings;
mod time;

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use camino::Utf8Path;

use crate::files::Files;
use crate::source::{Sources, Span};
use crate::text::Text;
use crate::types::Type;
use crate::value::{Fields, Reason, Value};

use spec::Function;

pub use filesystem::MAX_BYTES;

/// What functions may look at besides their arguments.
pub trait Context {
    /// The files of the scan.
    fn files(&self) -> &dyn Files;

    /// The names of files met.
    fn sources(&self) -> &Sources;

    /// How many bytes functions may still read from files.
    fn left_to_read(&self) -> &Cell<u64>;

    /// The folder against which relative paths are resolved: the root module's, relative to the scan's root.
    fn folder(&self) -> &Utf8Path;

    /// Evaluates a template (for `templatefile` and `templatestring`) with these variables; `source` is where its text
    /// stands. Bounded: templates that render themselves end in an error.
    ///
    /// # Errors
    /// What is wrong with the template, in Terraform's words.
    fn render(&self, template: &Text, variables: &Arc<Fields>, source: Option<Span>) -> Result<Value, String>;
}

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionError {
    /// What is wrong, as Terraform puts it.
    pub message: String,
    /// The argument at fault, from 0; `None` for the call as a whole.
    pub argument: Option<usize>,
}

static FUNCTIONS: LazyLock<HashMap<&'static str, &'static Function>> = LazyLock::new(|| {
    let tables = [
        collections::FUNCTIONS,
        conversions::FUNCTIONS,
        encoding::FUNCTIONS,
        filesystem::FUNCTIONS,
        format::FUNCTIONS,
        hash::FUNCTIONS,
        maps::FUNCTIONS,
        network::FUNCTIONS,
        numeric::FUNCTIONS,
        regexes::FUNCTIONS,
        sets::FUNCTIONS,
        strings::FUNCTIONS,
        time::FUNCTIONS,
    ];
    tables.into_iter().flatten().map(|function| (function.name, function)).collect()
});

/// Functions that providers bring: nothing here runs a provider.
const PROVIDER: &str = "provider::";

fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS.get(name.strip_prefix("core::").unwrap_or(name)).copied()
}

/// Whether `name` is a function of Terraform 1.11 that [`call`] answers (`try`, `can` and `templatestring` are the
/// evaluator's, since they see expressions).
pub fn exists(name: &str) -> bool {
    name.starts_with(PROVIDER) || find(name).is_some()
}

/// Calls a function. `span` is the call's. Unknown arguments give an unknown of the function's type.
///
/// # Errors
/// What Terraform would say of the arguments.
pub fn call(name: &str, arguments: &[Value], context: &dyn Context, span: Span) -> Result<Value, FunctionError> {
    match find(name) {
        Some(function) => function.call(arguments, context, span),
        None if name.starts_with(PROVIDER) => {
            let reason = Reason::new(format!("{name}()"), "is a function of a provider", Some(span));
            Ok(Value::unknown(Type::Dynamic, reason).at(span))
        }
        None => Err(FunctionError { message: format!("There is no function named {name:?}."), argument: None }),
    }
}

#[cfg(test)]
mod tests;
