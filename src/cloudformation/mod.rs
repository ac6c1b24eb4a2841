//! CloudFormation templates: what each resource's properties are once parameters, mappings, conditions and functions
//! are resolved as CloudFormation resolves them.

mod call;
pub mod cdk;
mod conditions;
mod constraints;
mod dynamic;
mod embedded;
mod evaluate;
mod foreach;
mod functions;
mod imports;
mod include;
mod lists;
mod macros;
mod mappings;
mod nested;
mod parameters;
mod references;
mod rules;
mod sam;
pub mod serverless;
mod split;
mod substitution;
mod syntax;
mod template;
#[cfg(test)]
mod tests;

pub use embedded::{Failure, content};
pub use imports::{Import, export_name};
pub use include::Beside;
pub use parameters::{Given, Parameters};
pub use syntax::{looks_like_template, recognise};
pub use template::{Output, Template};
