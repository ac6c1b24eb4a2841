//! What AWS hands out, looked at offline with the findings, formats, waivers and exit codes of `check`.

use camino::{Utf8Path, Utf8PathBuf};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::checks::{self, Run};
use crate::config::Config;
use crate::files::{MAX_FILE_BYTES, Memory, normalize, read_named, read_stdin};
use crate::finding::{Counts, Findings, Severity};
use crate::source::{FileId, Sources};
use crate::waiver::{Marked, Waivers};

pub mod cloudtrail;
pub mod credential_report;

/// What evidence on standard input is called in reports.
const STDIN: &str = "<standard input>";

/// How evidence is looked at.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The configuration.
    pub config: Config,
    /// The time that ages are counted to.
    pub now: Timestamp,
    /// How many threads.
    pub jobs: Option<usize>,
    /// After how many days a key counts as unused, by the framework that was asked for.
    pub max_unused_days: Option<u32>,
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
    /// Rules of the user's own that were run.
    pub own: Vec<OwnRule>,
}

/// A rule of the user's own, for reports.
#[derive(Clone, Debug)]
pub struct OwnRule {
    /// The id of its findings.
    pub id: String,
    /// One line: what it detects.
    pub title: String,
    /// How bad that is.
    pub severity: Severity,
    /// More words about it.
    pub page: String,
    /// A link.
    pub url: String,
}

/// A file of evidence that is read as a whole.
struct Evidence {
    path: Utf8PathBuf,
    bytes: Vec<u8>,
    file: FileId,
}

/// Reads a file that was named, wherever it lies, and keeps its text for the report.
fn take(named: &Utf8Path, outcome: &mut Outcome) -> Result<Evidence, String> {
    let (path, bytes) = match named.as_str() {
        "-" => (STDIN.into(), read_stdin(MAX_FILE_BYTES).map_err(|error| format!("standard input: {error}"))?),
        _ => (named.to_owned(), read_named(named, MAX_FILE_BYTES).map_err(|error| format!("{named}: {error}"))?),
    };
    let inner = normalize(&path).filter(|path| !path.as_str().is_empty());
    let file = match inner {
        Some(inner) => {
            let file = outcome.sources.file(&inner);
            outcome.files.insert(inner, &bytes);
            file
        }
        // It lies elsewhere: its text is that of no file of a repository.
        None => outcome.sources.virtual_file(path.as_str(), &String::from_utf8_lossy(&bytes)),
    };
    Ok(Evidence { path, bytes, file })
}

/// Applies the waivers of the configuration. Evidence is no place for any.
fn waive(options: &Options, outcome: &mut Outcome) {
    let own = outcome.own.iter().map(|rule| rule.id.as_str());
    let known: Vec<&str> = checks::ALL.iter().map(|check| check.id).chain(own).collect();
    let nothing = Memory::default();
    let waivers = Waivers::collect(&Marked::new(&nothing), None, &options.config, &outcome.sources, &known);
    let today = options.now.to_zoned(TimeZone::UTC).date();
    // A waiver for code waives nothing here, and is of use all the same.
    let applied = waivers.apply(&mut outcome.findings.findings, &outcome.sources, today, false);
    for check in checks::ALL {
        if let Run::Waivers(run) = check.run {
            run(&applied, &mut outcome.findings);
        }
    }
}
