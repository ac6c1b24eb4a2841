//! Facts: what one repository declares, written for the checks of all others.
//!
//! Facts are lines of JSON ([`wire`], `docs/facts.schema.json`). The lines of kind `resource`, `module`, `script-key` and `state` hold what the
//! AWS layer asked of a repository's evaluated resources, no more: whoever joins them reads them as one more project, with
//! the same code. All other lines say in columns what follows from them in this one repository, for engines that read
//! tables; the join does not look at them.

pub mod join;
pub mod read;
pub mod wire;

mod abroad;
mod decode;
mod encode;
mod recorded;
mod rows;
mod states;
mod write;

pub use self::join::{Joined, Problem, Repository};
pub use self::recorded::{Record, record};
pub use self::states::{States, Told};
pub use self::write::{About, write};

use crate::aws::Facts;
use crate::source::Sources;

/// The version of the format.
pub const SCHEMA: u32 = 1;

/// What the projects of a repository declare. What is wrong with a line is told in words.
pub fn projects(
    repository: &Repository<'_>,
    states: &States,
    sources: &Sources,
    problem: &mut dyn FnMut(String),
) -> Vec<Facts> {
    abroad::projects(repository, states, sources, problem)
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
