//! Plans and states as `terraform show -json` writes them: alone, as a project of their own, or beside the code they were
//! made from, where they say what the code leaves open.
//! <https://developer.hashicorp.com/terraform/internals/json-format>

pub mod beside;
mod blocks;
mod compare;
mod configuration;
mod fill;
mod format;
mod instances;
pub mod project;
mod secrets;
mod values;

pub use format::{Plan, SHOW, recognise};
pub use instances::Planned;
pub use project::{PlanProject, Trees};
