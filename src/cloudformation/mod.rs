//! CloudFormation templates: what each resource's properties are once parameters, mappings, conditions and functions
//! are resolved as CloudFormation resolves them.

mod call;
mod conditions;
mod dynamic;
mod embedded;
mod evaluate;
mod foreach;
mod functions;
mod lists;
mod nested;
mod parameters;
mod references;
mod sam;
mod substitution;
mod syntax;
mod template;
#[cfg(test)]
mod tests;

pub use embedded::Failure;
pub use parameters::{Given, Parameters};
pub use syntax::{looks_like_template, recognise};
pub use template::{Output, Template};
