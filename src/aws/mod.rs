//! What a project means in AWS: access keys, users, organizations, service control policies, rotation. Speaks AWS,
//! not Terraform: both front ends feed it through [`crate::resource`].

pub mod iam;
