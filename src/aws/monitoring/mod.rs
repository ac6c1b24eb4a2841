//! Who would notice what the root user does: monitors, proved by replaying events.

mod answer;
mod event;
mod events;
mod event_pattern;
mod filter_pattern;
mod glob;
