//! Service control policies decided by evaluation: for the root user of an account, is `iam:CreateAccessKey` denied for
//! every request, for none, or for some?

pub mod classes;
pub mod closest;
pub mod compare;
pub mod condition;
pub mod decide;
pub mod explain;
mod memo;
pub mod pattern;
pub mod policy;
pub mod predicate;
pub mod request;
pub mod witness;
mod words;

pub use closest::Closest;
pub use decide::{Answer, Attached, Decisive, Escape, Level, Verdict, answer, decide, decide_with, denies};
pub use explain::{Explained, Reach, explain};
pub use memo::Memo;
pub use policy::{Policy, PolicyError};
pub use request::{Account, CREATE_ACCESS_KEY, Organization, Place, Principal, Question};

#[cfg(test)]
mod tests;
