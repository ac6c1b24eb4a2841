//! CloudTrail events: what the root user did, and what rules of the user's own look for.
//!
//! Files are read in parallel, each as a stream of records of which one is held at a time. A record is only parsed if its
//! text holds what some rule needs. What is kept are groups of events, whose number is bounded.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;

use self::read::{FileResult, Watched, read_file};
use self::split::NO_OBJECT;
use self::tell::tell;
use super::{Options, Outcome, OwnRule};
use crate::aws::cloudtrail::{Group, Key, Watch};
use crate::checks::{self, Run};
use crate::finding::{Counts, Diagnostic, Findings};
use crate::named::walk::{Input, Left, inputs};
use crate::sigma::{self, LogSource};
use crate::source::{Position, Sources, Span, Spot};

mod object;
mod read;
mod rules;
mod split;
mod tell;

/// How many groups are told of.
const MAX_GROUPS: usize = 10_000;

/// How many errors are told of.
const MAX_ERRORS: usize = 1_000;

/// How many files are read before what they gave is put together.
const BATCH: usize = 512;

/// The log source of rules.
const LOGS: LogSource = LogSource { product: "aws", service: "cloudtrail" };

/// A rule that is looked for.
struct Seeker {
    rule: sigma::Rule,
    /// The check that it belongs to; none is a rule of the user's own.
    check: Option<(&'static str, Watch)>,
}

impl Seeker {
    /// The id of its findings.
    fn id(&self) -> Cow<'static, str> {
        match self.check {
            Some((id, _)) => Cow::Borrowed(id),
            None => Cow::Owned(format!("sigma/{}", self.rule.id)),
        }
    }

    /// What reports say about it, if it is the user's own.
    fn own(&self) -> Option<OwnRule> {
        let sigma::Rule { title, level, description, references, .. } = &self.rule;
        let page = if description.is_empty() { title.to_string() } else { description.clone() };
        let url = references.first().filter(|url| url.starts_with("https://")).cloned().unwrap_or_default();
        self.check.is_none().then(|| OwnRule {
            id: self.id().into_owned(),
            title: title.to_string(),
            severity: *level,
            page,
            url,
        })
    }
}

/// Looks at what is named, and runs the rules in the folders or files `sigma`.
///
/// # Errors
/// In words, when something named does not exist.
pub fn audit(named: &[Utf8PathBuf], sigma: &[Utf8PathBuf], options: &Options) -> Result<Outcome, String> {
    let mut outcome = Outcome::default();
    let mut seekers = own_rules();
    rules::load(sigma, &mut seekers, &mut outcome)?;
    let trails = gather(named, seekers, options.jobs)?;
    trails.tell(&outcome.sources, &mut outcome.findings);
    outcome.summary = trails.counts();
    outcome.own = trails.seekers.iter().filter_map(Seeker::own).collect();
    super::waive(options, &mut outcome);
    Ok(outcome)
}

/// Reads what is named, for the checks alone.
///
/// # Errors
/// In words, when something named does not exist.
pub fn read(named: &[Utf8PathBuf], jobs: Option<usize>) -> Result<Trails, String> {
    gather(named, own_rules(), jobs)
}

fn gather(named: &[Utf8PathBuf], seekers: Vec<Seeker>, jobs: Option<usize>) -> Result<Trails, String> {
    let filter = sigma::filter(seekers.iter().map(|seeker| &seeker.rule));
    let watched = Watched { seekers: &seekers, filter: &filter };
    let (inputs, left) = inputs(named)?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(jobs.unwrap_or(0)).build();
    let mut gathered = Gathered { left, ..Gathered::default() };
    for batch in inputs.chunks(BATCH) {
        let read = || batch.par_iter().map(|input| read_file(input, &watched)).collect::<Vec<_>>();
        let results = match &pool {
            Ok(pool) => pool.install(read),
            Err(_) => read(),
        };
        for (input, result) in batch.iter().zip(results) {
            gathered.take(input, result);
        }
    }
    Ok(Trails { seekers, gathered })
}

/// The rules of the checks. A test holds that all of them can be read.
fn own_rules() -> Vec<Seeker> {
    let mut seekers = Vec::new();
    for check in checks::ALL {
        let Run::Events(watch) = check.run else { continue };
        let file = Sources::default().file(Utf8Path::new(check.id));
        let rules = sigma::parse(watch.rule, file, check.id, LOGS).rules;
        seekers.extend(rules.into_iter().map(|rule| Seeker { rule, check: Some((check.id, watch)) }));
    }
    seekers
}

/// What was found in files of events.
pub struct Trails {
    seekers: Vec<Seeker>,
    gathered: Gathered,
}

impl std::fmt::Debug for Trails {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trails").field("groups", &self.gathered.groups.len()).finish_non_exhaustive()
    }
}

/// What all files gave.
#[derive(Default)]
struct Gathered {
    groups: BTreeMap<Key, Group>,
    /// How many groups there was no room for.
    more_groups: usize,
    errors: Vec<(&'static str, String, Spot)>,
    more_errors: usize,
    left: Left,
    files: usize,
    records: u64,
    /// How many files hold events, or a list of none.
    with_events: usize,
}

impl Gathered {
    fn take(&mut self, input: &Input, result: FileResult) {
        self.files += 1;
        self.records += result.records;
        if result.is_digest {
            self.left.digests.push(&input.name);
            return;
        }
        self.with_events += usize::from(result.recognised);
        for (key, group) in result.groups {
            let room = self.groups.len() < MAX_GROUPS;
            match self.groups.entry(key) {
                std::collections::btree_map::Entry::Occupied(mut known) => known.get_mut().merge(group),
                std::collections::btree_map::Entry::Vacant(free) if room => {
                    free.insert(group);
                }
                std::collections::btree_map::Entry::Vacant(_) => self.more_groups += 1,
            }
        }
        self.more_groups += result.more_groups;
        // What looks like JSON and is damaged may have held events.
        let is_text = result.errors.first().is_none_or(|(_, message, _)| message == NO_OBJECT);
        let is_other = !result.recognised && result.broken.is_none() && is_text;
        if is_other && !input.is_named {
            self.left.others.push(&input.name);
            return;
        }
        let start = Position { line: 1, column: 1 };
        let mut add = |code, message: String, (start, end): (Position, Position)| {
            if self.errors.len() < MAX_ERRORS {
                self.errors.push((code, message, Spot { path: Arc::clone(&input.name), start, end }));
            } else {
                self.more_errors += 1;
            }
        };
        if is_other {
            let message = "this holds no events of CloudTrail in a form that is known (docs/cloudtrail.md lists them)";
            add("cloudtrail-unrecognised", message.to_owned(), (start, start));
            return;
        }
        for (code, message, at) in result.errors {
            add(code, message, at);
        }
        if let Some((code, message, at)) = result.broken {
            add(code, message, (at, at));
        }
        if result.more_errors > 0 {
            let message = format!("{} more places of this file could not be read", result.more_errors);
            add("cloudtrail-syntax", message, (start, start));
        }
    }
}

impl Trails {
    /// Tells of it: a finding for each group of events, errors, and what was left out.
    pub fn tell(&self, sources: &Sources, findings: &mut Findings) {
        let Gathered { groups, more_groups, errors, more_errors, left, .. } = &self.gathered;
        let place = |name: &Arc<Utf8Path>| -> Span {
            let start = Position { line: 1, column: 1 };
            sources.spot(Spot { path: Arc::clone(name), start, end: start })
        };
        findings.findings.extend(groups.values().filter_map(|group| tell(group, &self.seekers, sources)));
        for (code, message, spot) in errors {
            findings.errors.push(Diagnostic::new(code, message.clone(), sources.spot(spot.clone())));
        }
        let somewhere = || place(&Arc::from(Utf8Path::new("<events>")));
        if *more_errors > 0 {
            let message = format!("{more_errors} more places in other files could not be read");
            findings.errors.push(Diagnostic::new("cloudtrail-syntax", message, somewhere()));
        }
        if *more_groups > 0 {
            let message = format!("events of more than {MAX_GROUPS} kinds and accounts: the rest is not told of");
            findings.errors.push(Diagnostic::new("cloudtrail-too-many", message, somewhere()));
        }
        for (name, error) in &left.unreadable {
            findings.errors.push(Diagnostic::new("file-unreadable", error.clone(), place(name)));
        }
        for (files, one, many) in [
            (
                &left.digests,
                "digest of CloudTrail, which holds no events",
                "digests of CloudTrail, which hold no events",
            ),
            (&left.others, "file that holds no events of CloudTrail", "files that hold no events of CloudTrail"),
        ] {
            if let Some(first) = &files.first {
                let what = if files.count == 1 { format!("1 {one}") } else { format!("{} {many}", files.count) };
                let message = format!("{what}: left out");
                findings.notes.push(Diagnostic::new("cloudtrail-left-out", message, place(first)));
            }
        }
    }

    /// How much was looked at: files of events are projects, records are resources.
    fn counts(&self) -> Counts {
        let Gathered { files, records, with_events, left, .. } = &self.gathered;
        Counts {
            files: *files,
            ignored: left.digests.count + left.others.count,
            projects: *with_events,
            resources: usize::try_from(*records).unwrap_or(usize::MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_has_a_rule_that_can_be_read() {
        let all = checks::ALL.iter().filter(|check| matches!(check.run, Run::Events(_)));
        let own = own_rules();
        assert_eq!(own.iter().map(Seeker::id).collect::<Vec<_>>(), all.map(|check| check.id).collect::<Vec<_>>());
        for seeker in &own {
            let (id, _) = seeker.check.unwrap();
            let (meta, _) = checks::ALL.iter().find(|check| check.id == id).unwrap().meta().unwrap();
            assert_eq!(seeker.rule.level, meta.severity, "{id}");
        }
    }
}
