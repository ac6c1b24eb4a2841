//! The organization: units, accounts, policies, attachments, Control Tower controls.
//!
//! One project at a time is read into [`Declared`]; [`resolve`] puts the projects together.

mod accounts;
mod attach;
mod control_tower;
mod declared;
mod features;
pub mod fixes;
mod full_access;
mod groups;
mod guards;
mod identity_policies;
pub mod ineffective;
mod layers;
mod near_misses;
mod paths;
mod placeholders;
pub mod quotas;
pub mod resolve;

pub use declared::{
    Account, Attachment, Content, Control, Declared, Ident, Organization, OtherPolicy, ServiceControlPolicy, Unit,
    declared, wanted,
};
pub use features::{Access, Features, ROOT_CREDENTIALS_MANAGEMENT, centralized_access};
pub use full_access::FullAccess;
pub use identity_policies::IdentityPolicy;
pub use near_misses::{LockedOut, NearMiss, loose_near_misses};
pub use resolve::{Above, Resolved, Target, TargetKind, organizations};

#[cfg(test)]
mod tests;
