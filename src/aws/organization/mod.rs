//! The organization: units, accounts, policies, attachments, Control Tower controls.
//!
//! One project at a time is read into [`Declared`]; [`resolve`] puts the projects together.

mod control_tower;
mod declared;
mod full_access;
mod groups;
mod layers;
pub mod resolve;

pub use declared::{
    Account, Attachment, Content, Control, Declared, Ident, Organization, ServiceControlPolicy, Unit, declared, wanted,
};
pub use full_access::FullAccess;
pub use resolve::{Resolved, Target, TargetKind, organizations};

#[cfg(test)]
mod tests;
