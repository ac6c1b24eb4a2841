//! CloudFormation templates: what each resource's properties are once parameters, mappings, conditions and functions
//! are resolved as CloudFormation resolves them.

mod call;
pub mod cdk;
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
pub mod serverless;
mod substitution;
mod syntax;
mod template;
#[cfg(test)]
mod tests;

pub use embedded::{Failure, content};
pub use parameters::{Given, Parameters};
pub use syntax::{looks_like_template, recognise};
pub use template::{Output, Template};
