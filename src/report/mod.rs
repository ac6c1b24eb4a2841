//! Output formats: what a run found, turned into places and text. All formats render the same [`Report`] to a string,
//! which the caller writes in one go.

use std::collections::BTreeSet;
use std::sync::Arc;

use camino::Utf8Path;
use serde::Serialize;

use crate::baseline::{self, Known};
use crate::files::Files;
use crate::finding::{Confidence, Diagnostic, Finding, Findings, Severity, Undecided};
use crate::source::{Sources, Span};

pub mod fingerprint;
pub mod github;
pub mod gitlab;
pub mod human;
pub mod json;
pub mod junit;
pub mod limits;
pub mod markdown;
pub mod masked;
pub mod org;
pub mod page;
mod paint;
pub mod place;
pub mod policy;
mod rule;
pub mod sarif;
pub mod shown;
pub mod snippet;
pub mod value;

use fingerprint::{Fingerprints, Identity};
use masked::Secrets;
use place::{Place, Texts};

pub use crate::finding::Counts;
pub use rule::{About, Rule};

/// What a report is made from, besides findings.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Names of files.
    pub sources: &'a Sources,
    /// The files, to be read again.
    pub files: &'a dyn Files,
    /// The checks.
    pub rules: &'a [Arc<Rule>],
    /// How much was looked at.
    pub counts: Counts,
    /// Whether undecided questions and notes make the run incomplete.
    pub strict: bool,
    /// The findings that were there before and are not reported.
    pub baseline: Option<&'a [Known]>,
    /// The fingerprints of what another version of the files has: everything else is new.
    pub before: Option<&'a BTreeSet<String>>,
}

impl<'a> Context<'a> {
    /// What is known of a run that is neither strict nor compared with another.
    pub fn plain(sources: &'a Sources, files: &'a dyn Files, rules: &'a [Arc<Rule>], counts: Counts) -> Self {
        Self { sources, files, rules, counts, strict: false, baseline: None, before: None }
    }
}

impl std::fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("counts", &self.counts).field("strict", &self.strict).finish_non_exhaustive()
    }
}

/// A finding with its places.
#[derive(Clone, Debug)]
pub struct Item {
    /// The finding.
    pub finding: Finding,
    /// Where it is.
    pub place: Place,
    /// Where its related places are, in reading order.
    pub related: Vec<(String, Place)>,
    /// What makes it the same finding tomorrow.
    pub fingerprint: String,
    /// The check that made it.
    pub rule: Arc<Rule>,
    /// Where the waiver stands, if it is waived.
    pub waiver: Option<Place>,
    /// Whether it is new, where that was asked.
    pub state: Option<State>,
    /// What would make it go away, where that was asked.
    pub mending: Option<Mending>,
}

/// What would make a finding go away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mending {
    /// A change, in words, and for each place what stands there then.
    Edits(String, Vec<(Place, String)>),
    /// None that needs nobody to think: why.
    Refused(String),
}

/// Whether a finding is new.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It is.
    New,
    /// It was there before.
    Existing,
}

impl Item {
    /// The message, and what a `possible` finding rests on where the message does not name it.
    pub fn message(&self) -> String {
        let mut message = self.finding.message.clone();
        let unnamed: Vec<&str> = self.unnamed().collect();
        if self.finding.confidence == Confidence::Possible && !unnamed.is_empty() {
            let names: Vec<String> = unnamed.iter().map(|name| format!("`{name}`")).collect();
            message.push_str(&format!(" This rests on what is not known: {}.", names.join(", ")));
        }
        message
    }

    /// Where it is shown: a place that is no file of the repository (a variable on the command line) cannot be, so the first
    /// related one that is takes its place.
    pub fn real_place(&self) -> &Place {
        let real = || self.related.iter().map(|(_, place)| place).find(|place| place.real);
        if self.place.real { &self.place } else { real().unwrap_or(&self.place) }
    }

    /// The numbers of the steps that the value's way has: those of the related places, and that of the primary one, which is
    /// the one left over. Nothing if there are two ways, or none.
    pub fn steps(&self) -> Option<(Vec<Option<usize>>, usize)> {
        let related: Vec<Option<usize>> = self.finding.related.iter().map(|related| related.step).collect();
        let mut numbers: Vec<usize> = related.iter().copied().flatten().collect();
        numbers.sort_unstable();
        let is_one_way = !numbers.is_empty() && numbers.windows(2).all(|pair| pair.first() != pair.last());
        let own = numbers.iter().zip(1..).find(|(number, at)| *number != at).map_or(numbers.len() + 1, |(_, at)| at);
        is_one_way.then_some((related, own))
    }

    fn unnamed(&self) -> impl Iterator<Item = &str> {
        self.finding.missing.iter().map(|name| &**name).filter(|name| !self.finding.message.contains(name))
    }
}

/// An open question, an error or a note, with its place.
#[derive(Clone, Debug)]
pub struct Placed<T> {
    /// What it is.
    pub what: T,
    /// Where.
    pub place: Place,
}

/// Everything a run found, in the order in which it is shown.
#[derive(Debug)]
pub struct Report {
    /// Findings, without those that are waived or in the baseline.
    pub findings: Vec<Item>,
    /// Findings that are waived.
    pub waived: Vec<Item>,
    /// How many findings are in the baseline.
    pub in_baseline: usize,
    /// Open questions.
    pub undecided: Vec<Placed<Undecided>>,
    /// What could not be analysed.
    pub errors: Vec<Placed<Diagnostic>>,
    /// What the reader should know.
    pub notes: Vec<Placed<Diagnostic>>,
    /// All checks, for formats that list them.
    pub rules: Vec<Arc<Rule>>,
    /// How much was looked at.
    pub counts: Counts,
    /// Why the run is incomplete, in words; empty if it is not.
    pub incomplete: Vec<String>,
    /// The sources mentioned.
    pub texts: Texts,
    /// Findings that are gone, since what made them go away was written.
    pub mended: Vec<Item>,
    /// What is to be changed, or was, as patches.
    pub patches: Vec<String>,
}

impl Report {
    /// Finds the places of everything and puts it in order: by path, position, check.
    pub fn new(mut found: Findings, context: &Context<'_>) -> Self {
        Secrets::new(&found.secrets).mask_all(&mut found);
        let mut texts = Texts::default();
        let mut load = |span: Span| texts.load(span, context.sources, context.files);
        for finding in &found.findings {
            load(finding.primary);
            finding.related.iter().for_each(|related| load(related.span));
            finding.hidden.iter().for_each(|hidden| load(*hidden));
            finding.waived.iter().for_each(|waived| load(waived.span));
        }
        found.undecided.iter().for_each(|undecided| load(undecided.span));
        found.errors.iter().chain(&found.notes).for_each(|diagnostic| load(diagnostic.span));
        context.baseline.into_iter().flatten().for_each(|known| load(known.span));
        for hidden in found.findings.iter().flat_map(|finding| &finding.hidden).chain(&found.hidden) {
            texts.hide(*hidden);
        }

        let incomplete = incomplete(&found, context);
        let items = items(found.findings, &texts, context.rules, context.sources);
        let mut notes = found.notes;
        notes.extend(stale(&items, context.baseline.unwrap_or_default()));
        let (waived, mut findings): (Vec<_>, Vec<_>) =
            items.into_iter().partition(|item| item.finding.waived.is_some());
        let all = findings.len();
        if let Some(baseline) = context.baseline {
            let known: BTreeSet<&str> = baseline.iter().map(|known| &*known.fingerprint).collect();
            findings.retain(|item| !known.contains(&*item.fingerprint));
        }
        let in_baseline = all - findings.len();
        for item in &mut findings {
            let state = |known: bool| if known { State::Existing } else { State::New };
            item.state = context.before.map(|before| state(before.contains(&item.fingerprint)));
        }
        let mut undecided: Vec<_> =
            found.undecided.into_iter().map(|what| Placed { place: texts.place(what.span), what }).collect();
        let key = |open: &Placed<Undecided>| (open.what.check.clone(), open.what.message.clone());
        undecided.sort_by(|a, b| (a.place.order(), key(a)).cmp(&(b.place.order(), key(b))));
        let errors = placed(found.errors, &texts);
        let notes = placed(notes, &texts);
        let counts = context.counts;
        Self {
            findings,
            waived,
            in_baseline,
            undecided,
            errors,
            notes,
            rules: context.rules.to_vec(),
            counts,
            incomplete,
            texts,
            mended: Vec::new(),
            patches: Vec::new(),
        }
    }

    /// The findings that a reader is shown: all of them, or the new ones where that was asked.
    pub fn shown(&self) -> impl Iterator<Item = &Item> {
        self.findings.iter().filter(|item| item.state != Some(State::Existing))
    }

    /// Whether it was asked what is new.
    pub fn tells_new(&self) -> bool {
        self.findings.iter().any(|item| item.state.is_some())
    }

    /// How many findings are not shown since they are not new.
    pub fn existing(&self) -> usize {
        self.findings.len() - self.shown().count()
    }

    /// How many findings of a severity are shown.
    pub fn count(&self, severity: Severity) -> usize {
        self.shown().filter(|item| item.finding.severity == severity).count()
    }

    /// The baseline of what is shown.
    pub fn baseline(&self) -> String {
        let entry = |item: &Item| baseline::Entry {
            path: item.place.path.to_string(),
            check: item.finding.check.to_string(),
            resource: item.finding.resource.to_string(),
            message: item.message(),
            fingerprint: item.fingerprint.clone(),
        };
        baseline::write(self.findings.iter().map(entry).collect())
    }

    /// Whether everything could be analysed and decided that had to be.
    pub fn is_complete(&self) -> bool {
        self.incomplete.is_empty()
    }

    /// Whether a finding at or above `severity` is shown.
    pub fn reaches(&self, severity: Severity) -> bool {
        self.shown().any(|item| item.finding.severity >= severity)
    }
}

fn items(findings: Vec<Finding>, texts: &Texts, rules: &[Arc<Rule>], sources: &Sources) -> Vec<Item> {
    let mut items: Vec<Item> = findings
        .into_iter()
        .map(|mut finding| {
            finding.projects.sort();
            let rule = rules.iter().find(|rule| rule.id == finding.check).cloned();
            let rule = rule.unwrap_or_else(|| {
                let title = finding.check.to_string();
                Arc::new(Rule::new(title.clone(), move || About { title, ..About::default() }))
            });
            let related =
                finding.related.iter().map(|related| (related.message.clone(), texts.place(related.span))).collect();
            Item {
                place: texts.place(finding.primary),
                related,
                fingerprint: String::new(),
                rule,
                waiver: finding.waived.as_ref().map(|waived| texts.place(waived.span)),
                state: None,
                mending: None,
                finding,
            }
        })
        .collect();
    items.sort_by(|a, b| sort_key(a).cmp(&sort_key(b)));
    let mut prints = Fingerprints::default();
    for item in &mut items {
        let project = item.finding.projects.first().map_or(&*item.place.path, |project| Utf8Path::new(&**project));
        // A template or manifest is a project itself: it may be renamed in its folder.
        let folder = if sources.knows(project) { project.parent().unwrap_or(project) } else { project };
        item.fingerprint = prints.next(&Identity {
            check: &item.finding.check,
            folder,
            resource: &item.finding.resource,
            discriminators: &item.finding.discriminators,
        });
    }
    items
}

/// Entries of the baseline that nothing matches any more.
fn stale(items: &[Item], baseline: &[Known]) -> Vec<Diagnostic> {
    let there: BTreeSet<&str> = items.iter().map(|item| &*item.fingerprint).collect();
    let gone = baseline.iter().filter(|known| !there.contains(&*known.fingerprint));
    let note = |known: &Known| {
        let message = format!("this finding is not there any more: take it out of the baseline ({})", known.what);
        Diagnostic::new("baseline-stale", message, known.span)
    };
    gone.map(note).collect()
}

fn sort_key(item: &Item) -> impl Ord + '_ {
    (item.place.order(), &*item.finding.check, &*item.finding.resource, &*item.finding.message)
}

fn placed(diagnostics: Vec<Diagnostic>, texts: &Texts) -> Vec<Placed<Diagnostic>> {
    let mut placed: Vec<_> =
        diagnostics.into_iter().map(|what| Placed { place: texts.place(what.span), what }).collect();
    let key = |placed: &Placed<Diagnostic>| (placed.what.code, placed.what.message.clone());
    placed.sort_by(|a, b| (a.place.order(), key(a)).cmp(&(b.place.order(), key(b))));
    placed
}

/// Why the run is incomplete: exit code 3 unless there are findings that fail it.
fn incomplete(found: &Findings, context: &Context<'_>) -> Vec<String> {
    let mut why = Vec::new();
    if context.counts.projects == 0 {
        why.push("nothing was found to analyse".to_owned());
    }
    if !found.errors.is_empty() {
        why.push("not everything could be read (see the errors)".to_owned());
    }
    let blocking: Vec<&Undecided> = found.undecided.iter().filter(|undecided| undecided.blocking).collect();
    // What evidence does not say about the keys there are, and what code does not say about those that could be.
    let (existing, possible): (Vec<&Undecided>, Vec<_>) =
        blocking.iter().partition(|undecided| undecided.check == "root-access-key-active");
    if !existing.is_empty() {
        why.push("whether root has an access key could not be decided".to_owned());
    }
    if !possible.is_empty() {
        why.push("whether root keys are denied in an organization managed here could not be decided".to_owned());
    }
    if context.strict && found.undecided.len() > blocking.len() {
        why.push("questions are open and --strict is given".to_owned());
    }
    if context.strict && !found.notes.is_empty() {
        why.push("there are notes and --strict is given".to_owned());
    }
    why
}
