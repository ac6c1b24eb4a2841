//! What rotates, revokes or detects old access keys.

use crate::resource::Resource;

/// One mechanism.
#[derive(Clone, Debug)]
pub struct Mechanism {}

/// Whether this module reads resources of the type.
pub fn wanted(_kind: &str) -> bool {
    false
}

/// The mechanisms among the resources.
pub fn mechanisms(_resources: &[Resource<'_>]) -> Vec<Mechanism> {
    Vec::new()
}
