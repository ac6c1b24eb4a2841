//! Terraform and OpenTofu: the module tree, evaluated on demand.

pub mod attributes;
mod blocks;
pub mod config;
pub mod constraint;
mod credentials;
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
pub mod reference;
pub mod schema;
pub mod scope;
pub mod set_order;
pub mod state;
