//! The organization: units, accounts, policies, attachments.

use crate::finding::Findings;
use crate::resource::Resource;

/// What one project declares of an organization.
#[derive(Clone, Debug, Default)]
pub struct Declared {}

/// Whether this module reads resources of the type.
pub fn wanted(_kind: &str) -> bool {
    false
}

/// The organization parts among the resources.
pub fn declared(_resources: &[Resource<'_>], _out: &mut Findings) -> Declared {
    Declared::default()
}
