//! CloudFormation templates: what each resource's properties are once parameters, mappings, conditions and functions
//! are resolved as CloudFormation resolves them.

mod call;
mod conditions;
mod constraints;
mod dynamic;
mod evaluate;
mod foreach;
mod functions;
mod imports;
mod include;
mod lists;
mod macros;
mod mappings;
mod parameters;
mod references;
mod rules;
mod split;
mod substitution;
mod syntax;
mod template;
#[cfg(test)]
mod tests;

pub use imports::{Import, export_name};
pub use include::Place;
pub use parameters::{Given, Parameters};
pub use syntax::{looks_like_template, recognise};
pub use template::{Output, Template};
