//! Text to spanned trees. Knows no AWS, no Terraform.

pub mod csv;
pub mod hcl;
pub mod json;
pub mod node;
pub mod skim;
pub mod yaml;
