//! Terraform's built-in functions.

use std::sync::Arc;

use camino::Utf8Path;

use crate::files::Files;
use crate::source::{Sources, Span};
use crate::text::Text;
use crate::value::{Fields, Value};

/// What functions may look at besides their arguments.
pub trait Context {
    /// The files of the scan.
    fn files(&self) -> &dyn Files;

    /// The names of files met.
    fn sources(&self) -> &Sources;

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

/// Whether `name` is a function of Terraform 1.11 that [`call`] answers (`try`, `can` and `templatestring` are the
/// evaluator's, since they see expressions).
pub fn exists(_name: &str) -> bool {
    false
}

/// Calls a function. `span` is the call's. Unknown arguments give an unknown of the function's type.
///
/// # Errors
/// What Terraform would say of the arguments.
pub fn call(_name: &str, _arguments: &[Value], _context: &dyn Context, _span: Span) -> Result<Value, FunctionError> {
    Err(FunctionError { message: "not there".into(), argument: None })
}
