//! Facts of many repositories, put together: in any order, in any parts.
//!
//! A line belongs to a scan of a repository. Of several scans of one repository the latest counts, and of the others only
//! the first lines are kept. So joining what was joined before gives the same as joining all at once: what is kept is a
//! set, and what is dropped would be dropped in any larger one.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8PathBuf;
use jiff::{SignedDuration, Timestamp};

use super::{SCHEMA, wire};

/// A line longer than this is no line of facts.
const MAX_LINE: usize = 64 << 20;

/// What is wrong with a line or a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The code of the error.
    pub code: &'static str,
    /// In words.
    pub message: String,
    /// The file, as it was named.
    pub file: Utf8PathBuf,
    /// The line, from 1.
    pub line: u32,
}

/// A scan of a repository.
#[derive(Clone, Debug, Default, PartialEq)]
struct Scan {
    header: Option<Header>,
    lines: BTreeSet<Box<str>>,
}

#[derive(Clone, Debug, PartialEq)]
struct Header {
    text: Box<str>,
    time: Timestamp,
    said: wire::Header,
}

impl PartialEq for wire::Header {
    fn eq(&self, other: &Self) -> bool {
        self.scan == other.scan
    }
}

/// Facts of repositories.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Joined {
    repositories: BTreeMap<Box<str>, BTreeMap<Box<str>, Scan>>,
    problems: BTreeSet<Problem>,
}

/// The scan of a repository that counts.
#[derive(Clone, Copy, Debug)]
pub struct Repository<'a> {
    /// Its name.
    pub name: &'a str,
    /// The commit.
    pub commit: Option<&'a str>,
    /// When it was scanned.
    pub time: Timestamp,
    /// The scan.
    scan: &'a Scan,
    /// Other scans that were given.
    pub others: usize,
}

impl Joined {
    /// Adds the lines of a file. What is wrong with a line costs that line.
    pub fn add(&mut self, file: &camino::Utf8Path, bytes: &[u8]) {
        for (at, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            if let Err(message) = self.line(line) {
                let line = u32::try_from(at + 1).unwrap_or(u32::MAX);
                self.problems.insert(Problem { code: "facts-syntax", message, file: file.to_owned(), line });
            }
        }
    }

    /// Remembers that something given could not be read.
    pub fn complain(&mut self, problem: Problem) {
        self.problems.insert(problem);
    }

    /// What could not be read, in order.
    pub fn problems(&self) -> Vec<Problem> {
        let mut all: Vec<Problem> = self.problems.iter().cloned().collect();
        all.sort_by(|a, b| (&a.file, a.line, &a.message).cmp(&(&b.file, b.line, &b.message)));
        all
    }

    fn line(&mut self, line: &[u8]) -> Result<(), String> {
        if line.len() > MAX_LINE {
            return Err(format!("is longer than {MAX_LINE} bytes"));
        }
        let text = std::str::from_utf8(line).map_err(|_| "is not UTF-8".to_owned())?.trim();
        let head: wire::Head = serde_json::from_str(text).map_err(|error| format!("is no line of facts: {error}"))?;
        if head.repository.is_empty() || head.repository.contains("//") || head.repository.chars().any(char::is_control)
        {
            return Err(format!("`{}` is no name of a repository", head.repository.escape_debug()));
        }
        let mut header = None;
        if head.kind == "repository" {
            let said: wire::Header = serde_json::from_str(text).map_err(|error| error.to_string())?;
            if said.schema != SCHEMA {
                return Err(format!(
                    "has version {} of the format, and this rootlint reads version {SCHEMA}",
                    said.schema
                ));
            }
            let time = said.time.parse().map_err(|_| format!("`{}` is no time", said.time.escape_debug()))?;
            header = Some(Header { text: Box::from(text), time, said });
        }
        let scans = self.repositories.entry(Box::from(head.repository)).or_default();
        let scan = scans.entry(Box::from(head.scan)).or_default();
        match header {
            // Whoever gives one scan two first lines gives the same twice, or lies: the larger text wins, whoever comes first.
            Some(header) => match &scan.header {
                Some(known) if known.text >= header.text => {}
                _ => scan.header = Some(header),
            },
            None => {
                scan.lines.insert(Box::from(text));
            }
        }
        Ok(())
    }

    /// Both together.
    #[must_use]
    pub fn join(mut self, other: Self) -> Self {
        for (name, scans) in other.repositories {
            let own = self.repositories.entry(name).or_default();
            for (id, scan) in scans {
                let known = own.entry(id).or_default();
                known.lines.extend(scan.lines);
                known.header = match (known.header.take(), scan.header) {
                    (Some(one), Some(other)) => Some(if one.text >= other.text { one } else { other }),
                    (one, other) => one.or(other),
                };
            }
        }
        self.problems.extend(other.problems);
        self.reduced()
    }

    /// Without what later scans of the same repository make old.
    #[must_use]
    pub fn reduced(mut self) -> Self {
        for scans in self.repositories.values_mut() {
            let Some(latest) = latest(scans).map(|(id, _)| Box::<str>::from(id)) else { continue };
            for (id, scan) in scans.iter_mut() {
                if *id != latest && scan.header.is_some() {
                    scan.lines.clear();
                }
            }
        }
        self
    }

    /// The same as lines again, in an order that depends on nothing but what is in them.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.repositories.values().flat_map(BTreeMap::values).flat_map(|scan| {
            let header = scan.header.iter().map(|header| &*header.text);
            header.chain(scan.lines.iter().map(|line| &**line))
        })
    }

    /// The scan of each repository that counts, by name.
    pub fn repositories(&self) -> impl Iterator<Item = Repository<'_>> {
        self.repositories.iter().filter_map(|(name, scans)| of(name, scans))
    }

    /// The scan of a repository that counts.
    pub fn repository(&self, name: &str) -> Option<Repository<'_>> {
        let (name, scans) = self.repositories.get_key_value(name)?;
        of(name, scans)
    }

    /// Repositories of which there are lines, and no first line.
    pub fn headless(&self) -> impl Iterator<Item = &str> {
        let headless = |scans: &&BTreeMap<_, Scan>| scans.values().all(|scan| scan.header.is_none());
        self.repositories.iter().filter(move |(_, scans)| headless(scans)).map(|(name, _)| &**name)
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.repositories.is_empty() && self.problems.is_empty()
    }

    /// Forgets a repository; whether it was there.
    pub fn forget(&mut self, name: &str) -> bool {
        self.repositories.remove(name).is_some()
    }

    /// Forgets the repositories whose latest scan is older than so many days: their names, and how old they are.
    pub fn forget_stale(&mut self, days: u32, now: Timestamp) -> Vec<(String, i64)> {
        let limit = SignedDuration::from_hours(24 * i64::from(days));
        let is_stale = |known: &Repository<'_>| now.duration_since(known.time) > limit;
        let stale: Vec<(String, i64)> =
            self.repositories().filter(is_stale).map(|known| (known.name.to_owned(), known.age_days(now))).collect();
        for (name, _) in &stale {
            self.repositories.remove(name.as_str());
        }
        stale
    }
}

impl<'a> Repository<'a> {
    /// How many whole days ago it was scanned; 0 for what lies ahead.
    pub fn age_days(&self, now: Timestamp) -> i64 {
        (now.duration_since(self.time).as_hours() / 24).max(0)
    }

    /// The lines but the first.
    pub fn lines(&self) -> impl ExactSizeIterator<Item = &'a str> {
        self.scan.lines.iter().map(|line| &**line)
    }

    /// How many lines are missing of those that the first one promises.
    pub fn missing(&self) -> usize {
        self.scan.header.as_ref().map_or(0, |header| header.said.lines.saturating_sub(self.scan.lines.len()))
    }

    /// What its scan could not read.
    pub fn errors(&self) -> &'a [wire::Problem] {
        self.scan.header.as_ref().map_or(&[], |header| &header.said.errors)
    }
}

fn of<'a>(name: &'a str, scans: &'a BTreeMap<Box<str>, Scan>) -> Option<Repository<'a>> {
    let (_, scan) = latest(scans)?;
    let header = scan.header.as_ref()?;
    let (commit, time) = (header.said.commit.as_deref(), header.time);
    Some(Repository { name, commit, time, scan, others: scans.len() - 1 })
}

/// The scan that counts: the latest, by its own word. Two of one time differ in their ids.
fn latest(scans: &BTreeMap<Box<str>, Scan>) -> Option<(&str, &Scan)> {
    let with_time = scans.iter().filter_map(|(id, scan)| Some((scan.header.as_ref()?.time, id, scan)));
    with_time.min_by_key(|(time, id, _)| Reverse((*time, *id))).map(|(_, id, scan)| (&**id, scan))
}
