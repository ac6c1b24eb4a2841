//! Text to spanned trees. Knows no AWS, no Terraform.

pub mod json;
pub mod node;
pub mod yaml;
