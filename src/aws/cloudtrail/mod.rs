//! What CloudTrail has written down, told in groups: a thousand calls of one kind in an account are one story.

mod event;
mod group;

pub use event::Event;
pub use group::{Group, Key, Sighting, Stand, Tally};

use crate::finding::Finding;

/// What a check looks for in events.
#[derive(Clone, Copy, Debug)]
pub struct Watch {
    /// A Sigma rule: which events.
    pub rule: &'static str,
    /// Which of several kinds an event is. Events of different kinds are told apart.
    pub kind: fn(&Event<'_>) -> &'static str,
    /// Tells of a group. The finding given points at its events already.
    pub tell: fn(&Group, Finding) -> Finding,
}
