//! Terraform and OpenTofu: the module tree, evaluated on demand.

pub mod attributes;
pub mod config;
pub mod constraint;
pub mod data_sources;
pub mod evaluator;
pub mod everything;
pub mod expression;
pub mod functions;
pub mod graph;
pub mod inputs;
pub mod instance;
pub mod json_syntax;
pub mod modules;
pub mod normal;
pub mod operators;
pub mod others;
pub mod plan;
pub mod policy_document;
pub mod project;
pub mod providers;
mod provisioners;
pub mod reference;
pub mod schema;
pub mod scope;
pub mod set_order;
pub mod state;
