//! `--fix`: from findings that say what would make them go away to patches that are known to do so.
//!
//! A fix is tried in memory first: everything is looked at again with the changed files in place of those on disk. It is kept
//! only if its finding is gone, and nothing new was found, could not be decided or could not be read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use crate::files::{Files, MAX_FILE_BYTES, Overlay, Rewrite};
use crate::finding::{Fix, Severity};
use crate::report::{Context, Item, Report};
use crate::scan::{self, Options, Outcome};
use crate::source::{Sources, Span};

use self::edit::{Edit, Edits};

mod edit;
mod generated;
mod hcl;
mod patch;
mod tree;
mod write;

pub use patch::patch;

/// How often everything is looked at again, at most.
const MAX_TRIES: usize = 64;

/// How often what is left is tried on top of what was kept.
const ROUNDS: usize = 4;

/// A finding that goes away.
#[derive(Clone, Debug)]
pub struct Mended {
    /// The finding, as it is before.
    pub item: Item,
    /// What is done.
    pub message: String,
    /// Where, in the files as they are before.
    pub edits: Vec<(Utf8PathBuf, Edit)>,
}

/// What can be mended.
#[derive(Debug)]
pub struct Proposal {
    /// Findings that go away, by fingerprint.
    pub mended: BTreeMap<String, Mended>,
    /// Why others do not, by fingerprint.
    pub refused: BTreeMap<String, String>,
    /// The files to be written.
    pub files: Vec<Rewrite>,
    /// What is found once they are; nothing if none is to be written.
    pub after: Option<Outcome>,
}

/// A fix that may be one.
struct Candidate {
    item: Item,
    message: String,
    edits: Vec<(Utf8PathBuf, Edit)>,
    /// Other places that its finding speaks of, in the files as they are before.
    told: BTreeSet<(Utf8PathBuf, usize)>,
}

/// The files with some fixes in them, and what is found there.
struct State {
    edits: Edits,
    outcome: Option<Outcome>,
    all: Report,
}

/// What is looked at, and how findings that are to be mended are told from others.
struct Workshop<'a> {
    files: &'a dyn Files,
    options: &'a Options,
    first: &'a Outcome,
    shown: &'a dyn Fn(&Outcome, &dyn Files) -> Report,
    /// The files that are changed, as they are before.
    originals: BTreeMap<Utf8PathBuf, String>,
    tries: usize,
    proposal: Proposal,
}

/// What can be mended of what `shown` makes of a run.
pub fn propose(
    files: &dyn Files,
    options: &Options,
    first: &Outcome,
    shown: &dyn Fn(&Outcome, &dyn Files) -> Report,
) -> Proposal {
    let (mended, refused) = (BTreeMap::new(), BTreeMap::new());
    let proposal = Proposal { mended, refused, files: Vec::new(), after: None };
    Workshop { files, options, first, shown, originals: BTreeMap::new(), tries: 0, proposal }.run()
}

/// The files with changes in them.
fn changed<'a>(
    files: &'a dyn Files,
    edits: &Edits,
    originals: &BTreeMap<Utf8PathBuf, String>,
) -> Overlay<&'a dyn Files> {
    let text = |path: &Utf8PathBuf| Some((path.clone(), edits.apply(path, originals.get(path)?).into_bytes()));
    Overlay::of(files, edits.paths().filter_map(text).collect())
}

/// Everything that was found, waived or not.
fn everything(outcome: &Outcome, files: &dyn Files) -> Report {
    let context = Context::plain(&outcome.sources, files, &[], outcome.summary);
    Report::new(outcome.findings.clone(), &context)
}

impl Workshop<'_> {
    fn run(mut self) -> Proposal {
        let mut state = State { edits: Edits::default(), outcome: None, all: everything(self.first, self.files) };
        for _ in 0..ROUNDS {
            let candidates = self.candidates(&state);
            let before = self.proposal.mended.len();
            state = self.keep(state, &candidates);
            if self.proposal.mended.len() == before {
                break;
            }
        }
        for path in state.edits.paths() {
            let Some(original) = self.originals.get(path) else { continue };
            let after = state.edits.apply(path, original).into_bytes();
            self.proposal.files.push(Rewrite { path: path.clone(), before: original.clone().into_bytes(), after });
        }
        self.proposal.after = state.outcome;
        self.proposal
    }

    /// The findings that say what to change, as far as that can be written.
    fn candidates(&mut self, state: &State) -> Vec<Candidate> {
        let files = changed(self.files, &state.edits, &self.originals);
        let outcome = state.outcome.as_ref().unwrap_or(self.first);
        let report = (self.shown)(outcome, &files);
        let items: Vec<Item> = report.shown().cloned().collect();
        let mut candidates = Vec::new();
        for item in items {
            let print = item.fingerprint.clone();
            if self.proposal.refused.contains_key(&print) || self.proposal.mended.contains_key(&print) {
                continue;
            }
            let written = match &item.finding.fix {
                None => continue,
                Some(Err(why)) => Err(why.clone()),
                Some(Ok(fix)) => self.written(fix, &outcome.sources, &files, &state.edits),
            };
            match written {
                Err(why) => drop(self.proposal.refused.insert(print, why)),
                Ok(edits) => {
                    let message = item.finding.fix.iter().flatten().map(|fix| fix.message.clone()).collect();
                    let told = item.finding.related.iter().map(|related| related.span);
                    let told = told.filter_map(|span| place(span, &outcome.sources, &state.edits)).collect();
                    candidates.push(Candidate { item, message, edits, told });
                }
            }
        }
        candidates
    }

    /// The edits of a fix, in the files as they are before.
    fn written(
        &mut self,
        fix: &Fix,
        sources: &Sources,
        files: &dyn Files,
        done: &Edits,
    ) -> Result<Vec<(Utf8PathBuf, Edit)>, String> {
        let mut edits = Vec::new();
        for change in &fix.changes {
            let file = change.span().file;
            let path = sources.path(file);
            if sources.virtual_text(file).is_some() || path.as_str().starts_with('<') {
                return Err("what is to be changed is not written in a file".into());
            }
            let text = self.text(&path, files)?;
            let edit = write::edit(change, &path, &text)?;
            let original = done.original_edit(&path, edit).ok_or("another fix changes the same place")?;
            edits.push((path.to_path_buf(), original));
        }
        Ok(edits)
    }

    /// The text of a file that may be changed.
    fn text(&mut self, path: &Utf8Path, files: &dyn Files) -> Result<String, String> {
        let read = |files: &dyn Files| {
            let bytes = files.read(path, MAX_FILE_BYTES).map_err(|error| format!("{path} {error}"))?;
            String::from_utf8(bytes).map_err(|_| format!("{path} is not UTF-8"))
        };
        if !self.originals.contains_key(path) {
            let text = read(self.files)?;
            if let Some(by) = generated::by(path, &text) {
                return Err(format!("{path} {by}: change what it is made from"));
            }
            self.originals.insert(path.to_owned(), text);
        }
        read(files)
    }

    /// Keeps what holds of `candidates`, all of them at once if that is so.
    fn keep(&mut self, state: State, candidates: &[Candidate]) -> State {
        let refuse = |all: &mut BTreeMap<String, String>, why: &str| {
            for candidate in candidates {
                all.insert(candidate.item.fingerprint.clone(), why.to_owned());
            }
        };
        if candidates.is_empty() {
            return state;
        }
        if self.tries >= MAX_TRIES {
            refuse(&mut self.proposal.refused, "there is too much else to change: do that first, then try again");
            return state;
        }
        match self.attempt(&state, candidates) {
            Ok(state) => {
                for Candidate { item, message, edits, .. } in candidates {
                    let mended = Mended { item: item.clone(), message: message.clone(), edits: edits.clone() };
                    self.proposal.mended.insert(item.fingerprint.clone(), mended);
                }
                state
            }
            Err(why) if candidates.len() == 1 => {
                refuse(&mut self.proposal.refused, &why);
                state
            }
            Err(_) => {
                let (one, other) = candidates.split_at(candidates.len() / 2);
                let state = self.keep(state, one);
                self.keep(state, other)
            }
        }
    }

    /// Looks at everything again with some more fixes in place.
    fn attempt(&mut self, state: &State, candidates: &[Candidate]) -> Result<State, String> {
        let mut edits = state.edits.clone();
        for (path, edit) in candidates.iter().flat_map(|candidate| &candidate.edits) {
            edits.add(path, edit.clone()).map_err(|()| "another fix changes the same place")?;
        }
        self.tries += 1;
        let files = changed(self.files, &edits, &self.originals);
        let outcome = scan::check(&files, self.options);
        let all = everything(&outcome, &files);
        let before = state.outcome.as_ref().unwrap_or(self.first);
        let known = Found::of(&state.all, &before.sources, &state.edits);
        known.admits(&Found::of(&all, &outcome.sources, &edits), candidates)?;
        Ok(State { edits, outcome: Some(outcome), all })
    }
}

/// Where a place was before the edits.
fn place(span: Span, sources: &Sources, edits: &Edits) -> Option<(Utf8PathBuf, usize)> {
    let path = sources.path(span.file).to_path_buf();
    let at = edits.original(&path, span.start as usize)?;
    Some((path, at))
}

/// Findings of one fingerprint, whatever their numbers.
struct Alike {
    count: usize,
    worst: Severity,
    /// Where they were before the edits; nothing for what an edit brought.
    places: Vec<Option<(Utf8PathBuf, usize)>>,
    /// What one of them says.
    message: String,
}

/// What is compared of two runs.
struct Found {
    findings: BTreeMap<String, Alike>,
    /// Errors and open questions.
    troubles: BTreeMap<(String, String, Arc<Utf8Path>), usize>,
}

fn base(fingerprint: &str) -> &str {
    fingerprint.split(':').next().unwrap_or(fingerprint)
}

impl Found {
    fn of(report: &Report, sources: &Sources, edits: &Edits) -> Self {
        let mut found = Self { findings: BTreeMap::new(), troubles: BTreeMap::new() };
        for item in report.findings.iter().chain(&report.waived) {
            let severity = item.finding.severity;
            let alike = found.findings.entry(base(&item.fingerprint).to_owned()).or_insert_with(|| Alike {
                count: 0,
                worst: severity,
                places: Vec::new(),
                message: format!("{}: {}", item.finding.check, item.finding.message),
            });
            alike.count += 1;
            alike.worst = alike.worst.max(severity);
            alike.places.push(place(item.finding.primary, sources, edits));
        }
        let errors = report.errors.iter().map(|error| (error.what.code, &error.what.message, &error.place));
        let open = report.undecided.iter().map(|open| (&*open.what.check, &open.what.message, &open.place));
        for (code, message, place) in errors.chain(open) {
            let key = (code.to_owned(), message.clone(), Arc::clone(&place.path));
            *found.troubles.entry(key).or_default() += 1;
        }
        found
    }

    /// Whether `after` is what is left of this without the findings of `candidates`.
    fn admits(&self, after: &Self, candidates: &[Candidate]) -> Result<(), String> {
        for (trouble, count) in &after.troubles {
            if self.troubles.get(trouble).is_none_or(|before| before < count) {
                return Err(format!("with the change, {}: {}", trouble.0, trouble.1));
            }
        }
        let mut left: BTreeMap<&str, usize> =
            self.findings.iter().map(|(print, alike)| (&**print, alike.count)).collect();
        for candidate in candidates {
            if let Some(count) = left.get_mut(base(&candidate.item.fingerprint)) {
                *count = count.saturating_sub(1);
            }
        }
        let targets: BTreeSet<&str> = candidates.iter().map(|candidate| base(&candidate.item.fingerprint)).collect();
        for (print, alike) in &after.findings {
            let allowed = left.get(&**print).copied().unwrap_or(0);
            let worse = self.findings.get(print).is_some_and(|before| before.worst < alike.worst);
            if alike.count <= allowed && !worse {
                continue;
            }
            if targets.contains(&**print) {
                return Err("with the change, the finding would still be there".into());
            }
            // What explained a finding is one of its own, once that is gone.
            let told = |place: &Option<(Utf8PathBuf, usize)>| {
                place.as_ref().is_some_and(|place| candidates.iter().any(|candidate| candidate.told.contains(place)))
            };
            if !self.findings.contains_key(print) && alike.places.iter().all(told) {
                continue;
            }
            return Err(format!("the change would bring another finding: {}", alike.message));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
