//! IAM users and their access keys.

use crate::resource::{Resource, Site};
use crate::value::Value;

/// An access key that a project creates.
#[derive(Clone, Debug)]
pub struct AccessKey {
    /// The resource.
    pub site: Site,
    /// The user it is for: a name, or a symbol of a user.
    pub user: Value,
    /// `Active` or `Inactive`; null when not said (AWS then makes it active).
    pub status: Value,
}

/// An IAM user.
#[derive(Clone, Debug)]
pub struct User {
    /// The resource.
    pub site: Site,
    /// Its name.
    pub name: Value,
}

/// Whether this module reads resources of the type.
pub fn wanted(_kind: &str) -> bool {
    false
}

/// The access keys among the resources.
pub fn keys(_resources: &[Resource<'_>]) -> Vec<AccessKey> {
    Vec::new()
}

/// The users among the resources.
pub fn users(_resources: &[Resource<'_>]) -> Vec<User> {
    Vec::new()
}
