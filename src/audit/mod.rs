//! What AWS hands out, looked at offline with the findings, formats, waivers and exit codes of `check`.

use jiff::civil::Date;

use crate::config::Config;
use crate::files::Memory;
use crate::finding::{Counts, Findings};
use crate::source::Sources;

pub mod cloudtrail;
pub mod credential_report;

/// How evidence is looked at.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The configuration.
    pub config: Config,
    /// The day that ages are counted to (UTC), if it is not today.
    pub now: Option<Date>,
    /// How many threads.
    pub jobs: Option<usize>,
}

/// What an audit found.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Findings and the rest.
    pub findings: Findings,
    /// Names of files.
    pub sources: Sources,
    /// The texts that findings point into: the files named may lie anywhere.
    pub files: Memory,
    /// How much was looked at.
    pub summary: Counts,
}
