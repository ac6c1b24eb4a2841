//! Output formats: what a run found, turned into places and text. All formats render the same [`Report`] to a string,
//! which the caller writes in one go.

use std::collections::BTreeMap;
use std::sync::Arc;

use camino::Utf8Path;

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
pub mod place;
pub mod policy;
pub mod sarif;
pub mod shown;
pub mod snippet;
pub mod value;

use fingerprint::{Fingerprints, Identity};
use masked::Secrets;
use place::{Place, Texts};

pub use crate::finding::Counts;

/// What the formats say about a check: its page, in parts.
#[derive(Clone, Debug, Default)]
pub struct Rule {
    /// The check's id.
    pub id: String,
    /// One line: what it flags.
    pub title: String,
    /// Its usual severity.
    pub severity: Option<Severity>,
    /// Control ids by framework.
    pub frameworks: BTreeMap<String, Vec<String>>,
    /// The page's text, in Markdown.
    pub page: String,
    /// Where to read more.
    pub url: String,
    /// Whether its findings say that something is missing: the place then only stands for the project.
    pub absence: bool,
}

/// What a report is made from, besides findings.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Names of files.
    pub sources: &'a Sources,
    /// The files, to be read again.
    pub files: &'a dyn Files,
    /// The checks.
    pub rules: &'a [Rule],
    /// How much was looked at.
    pub counts: Counts,
    /// Whether undecided questions and notes make the run incomplete.
    pub strict: bool,
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
    /// Findings.
    pub findings: Vec<Item>,
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
        }
        found.undecided.iter().for_each(|undecided| load(undecided.span));
        found.errors.iter().chain(&found.notes).for_each(|diagnostic| load(diagnostic.span));
        for hidden in found.findings.iter().flat_map(|finding| &finding.hidden).chain(&found.hidden) {
            texts.hide(*hidden);
        }

        let incomplete = incomplete(&found, context);
        let rules: Vec<Arc<Rule>> = context.rules.iter().cloned().map(Arc::new).collect();
        let findings = items(found.findings, &texts, &rules, context.sources);
        let mut undecided: Vec<_> =
            found.undecided.into_iter().map(|what| Placed { place: texts.place(what.span), what }).collect();
        let key = |open: &Placed<Undecided>| (open.what.check, open.what.message.clone());
        undecided.sort_by(|a, b| (a.place.order(), key(a)).cmp(&(b.place.order(), key(b))));
        let errors = placed(found.errors, &texts);
        let notes = placed(found.notes, &texts);
        Self { findings, undecided, errors, notes, rules, counts: context.counts, incomplete, texts }
    }

    /// How many findings there are of a severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|item| item.finding.severity == severity).count()
    }

    /// Whether everything could be analysed and decided that had to be.
    pub fn is_complete(&self) -> bool {
        self.incomplete.is_empty()
    }

    /// Whether there is a finding at or above `severity`.
    pub fn reaches(&self, severity: Severity) -> bool {
        self.findings.iter().any(|item| item.finding.severity >= severity)
    }
}

fn items(findings: Vec<Finding>, texts: &Texts, rules: &[Arc<Rule>], sources: &Sources) -> Vec<Item> {
    let mut items: Vec<Item> = findings
        .into_iter()
        .map(|mut finding| {
            finding.projects.sort();
            let rule = rules.iter().find(|rule| rule.id == finding.check).cloned();
            let rule = rule.unwrap_or_else(|| {
                let (id, title) = (finding.check.to_owned(), finding.check.to_owned());
                Arc::new(Rule { id, title, ..Rule::default() })
            });
            let related =
                finding.related.iter().map(|related| (related.message.clone(), texts.place(related.span))).collect();
            Item { place: texts.place(finding.primary), related, fingerprint: String::new(), rule, finding }
        })
        .collect();
    items.sort_by(|a, b| sort_key(a).cmp(&sort_key(b)));
    let mut prints = Fingerprints::default();
    for item in &mut items {
        let project = item.finding.projects.first().map_or(&*item.place.path, |project| Utf8Path::new(&**project));
        // A template or manifest is a project itself: it may be renamed in its folder.
        let folder = if sources.knows(project) { project.parent().unwrap_or(project) } else { project };
        item.fingerprint = prints.next(&Identity {
            check: item.finding.check,
            folder,
            resource: &item.finding.resource,
            discriminators: &item.finding.discriminators,
        });
    }
    items
}

fn sort_key(item: &Item) -> impl Ord + '_ {
    (item.place.order(), item.finding.check, &*item.finding.resource, &*item.finding.message)
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
    let blocking = found.undecided.iter().filter(|undecided| undecided.blocking).count();
    if blocking > 0 {
        why.push("whether root keys are denied in an organization managed here could not be decided".to_owned());
    }
    if context.strict && found.undecided.len() > blocking {
        why.push("questions are open and --strict is given".to_owned());
    }
    if context.strict && !found.notes.is_empty() {
        why.push("there are notes and --strict is given".to_owned());
    }
    why
}
