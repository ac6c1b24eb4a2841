//! Terraform and OpenTofu: the module tree, evaluated on demand.

pub mod functions;
