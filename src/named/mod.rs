//! Files that somebody named, wherever they lie: evidence and facts, which are no part of what is looked at.

pub mod stream;
pub mod walk;
