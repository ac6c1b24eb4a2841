//! Reads Terraform, OpenTofu and CloudFormation before they are deployed and answers three questions: does this code
//! create an access key for the root user, can the root user of any account of this organization still create one, and
//! does any IAM user hold keys that nothing rotates.
//!
//! Data flows one way (see CONTRIBUTING.md): files are discovered and grouped into projects, parsed into compact trees
//! with spans, evaluated on demand into values that know where they come from, read as AWS, checked, and reported.

pub mod ask;
pub mod audit;
pub mod aws;
pub mod baseline;
pub mod checks;
pub mod cli;
pub mod cloudformation;
pub mod command;
pub mod config;
pub mod convert;
pub mod discover;
pub mod document;
pub mod encode;
pub mod facts;
pub mod files;
pub mod finding;
pub mod fix;
pub mod frameworks;
pub mod git;
#[cfg_attr(not(feature = "guard"), path = "guard/absent.rs")]
pub mod guard;
pub mod init;
pub mod input;
pub mod manifest;
pub mod named;
pub mod number;
pub mod org;
pub mod parameters;
pub mod progress;
pub mod report;
pub mod resource;
pub mod root;
pub mod scan;
pub mod script;
pub mod sigma;
pub mod source;
pub mod suggest;
pub mod syntax;
pub mod terraform;
pub mod text;
pub mod types;
pub mod value;
pub mod waiver;
pub mod workflow;
