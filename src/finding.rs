//! What is reported: findings, what could not be decided, errors and notes.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::RandomState;
use indexmap::IndexSet;
use serde::{Deserialize, Serialize};

use crate::resource::Site;
use crate::source::Span;
use crate::value::{Origin, Reason};

pub mod fix;

pub use fix::{Change, Fix, Term};

/// The id of a check: one of ours, or of a user's own rule.
pub type CheckId = Cow<'static, str>;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Low.
    Low,
    /// Medium.
    Medium,
    /// High.
    High,
    /// Critical.
    Critical,
}

impl Severity {
    /// All, worst first.
    pub const ALL: [Self; 5] = [Self::Critical, Self::High, Self::Medium, Self::Low, Self::Info];

    /// The lower-case name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// How sure a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// It rests on something unknown, which it names.
    Possible,
    /// It rests on nothing unknown.
    Certain,
}

/// A place that explains a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    /// What is there.
    pub message: String,
    /// Where.
    pub span: Span,
    /// Which step of the value's way it is: 1 is where the value is written.
    pub step: Option<usize>,
}

impl Related {
    /// A place that is no step of the value's way.
    pub fn new(message: impl Into<String>, span: Span) -> Self {
        Self { message: message.into(), span, step: None }
    }

    /// The way a value took, from where it is used to where it is written, each place once, without `primary`, which
    /// keeps its number.
    pub fn trail(origin: &Origin, primary: Span) -> Vec<Self> {
        let mut way: Vec<Self> = Vec::new();
        let mut add = |message: String, span: Option<Span>| {
            let Some(span) = span else { return };
            if !way.iter().any(|known| known.span == span) {
                way.push(Self::new(message, span));
            }
        };
        add("used here".into(), origin.span);
        for hop in origin.chain() {
            add(hop.what.to_string(), hop.span);
        }
        let steps = way.len();
        for (index, place) in way.iter_mut().enumerate() {
            place.step = Some(steps - index);
        }
        way.retain(|place| place.span != primary);
        way
    }
}

/// A request that gets through.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Witness {
    /// The account whose root user makes the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The request context: the keys that matter, by name.
    pub context: BTreeMap<String, String>,
    /// The same in words: "root of 111122223333, signed in with MFA, from any address".
    #[serde(skip_serializing_if = "String::is_empty")]
    pub text: String,
}

/// Something wrong.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The check's id.
    pub check: CheckId,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// What is wrong: the first sentence stands alone.
    pub message: String,
    /// The smallest place that explains it.
    pub primary: Span,
    /// A few words to stand beside the primary place.
    pub label: String,
    /// The way the value took, and other places that matter, in reading order.
    pub related: Vec<Related>,
    /// Where else a waiver may stand: the headers of the block and of the module calls that lead to it.
    pub anchors: Vec<Span>,
    /// The block's address.
    pub resource: Arc<str>,
    /// What tells it from other findings of the check about the same block, beside its places, which move: the user, the
    /// target, the event, the sink. Part of the fingerprint, so never a secret.
    pub discriminators: BTreeSet<String>,
    /// The instances meant.
    pub instances: Vec<Arc<str>>,
    /// The projects it was met in.
    pub projects: Vec<Arc<str>>,
    /// What it rests on that is unknown: `var.x`.
    pub missing: Vec<Arc<str>>,
    /// Places whose text must not be shown: what is written there is sensitive.
    pub hidden: Vec<Span>,
    /// A request that shows it.
    pub witness: Option<Witness>,
    /// What to do.
    pub help: String,
    /// What would make it go away, if that has one right answer; else why it has not, where somebody may expect it.
    pub fix: Option<Result<Fix, String>>,
    /// Who has said that it is to be let be.
    pub waived: Option<Waived>,
}

/// What a waiver says to a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waived {
    /// Why the finding is let be.
    pub reason: String,
    /// Whom to ask.
    pub owner: Option<String>,
    /// The last day on which the waiver holds, as `2027-01-31`.
    pub until: Option<String>,
    /// Where the waiver stands.
    pub span: Span,
}

/// A question that could not be answered.
#[derive(Clone, Debug)]
pub struct Undecided {
    /// The check's id.
    pub check: CheckId,
    /// What could not be decided and why.
    pub message: String,
    /// What is missing: `var.scp_json`.
    pub missing: Vec<Arc<str>>,
    /// Where.
    pub span: Span,
    /// Whether an organization managed here depends on it: then the run is incomplete.
    pub blocking: bool,
}

/// An error or a note: something about the input, not about AWS.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Diagnostic {
    /// A stable code, listed in `docs/codes.md`.
    pub code: &'static str,
    /// What is the matter.
    pub message: String,
    /// Where; the start of the file if it is about the whole file.
    pub span: Span,
}

impl Diagnostic {
    /// A diagnostic.
    pub fn new(code: &'static str, message: impl Into<String>, span: Span) -> Self {
        Self { code, message: message.into(), span }
    }
}

/// How much a run looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Files read.
    pub files: usize,
    /// Infrastructure files left out by `.gitignore` or `--exclude`.
    pub ignored: usize,
    /// Projects: root modules and templates.
    pub projects: usize,
    /// Resources, whatever their type.
    pub resources: usize,
}

/// Everything that a run found out.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// Findings.
    pub findings: Vec<Finding>,
    /// Open questions.
    pub undecided: Vec<Undecided>,
    /// What could not be analysed.
    pub errors: Vec<Diagnostic>,
    /// What the reader should know.
    pub notes: Vec<Diagnostic>,
    /// Text that no snippet may show, whatever it is about: sensitive values in plans.
    pub hidden: Vec<Span>,
    /// Strings that no message may show: sensitive parts of policies, keys of instances made from sensitive values.
    pub secrets: BTreeSet<String>,
    /// Where in the lists of open questions, errors and notes everything is.
    pub met: [Met; 3],
}

/// Where in a list things are that were met, found by their hashes.
#[derive(Clone, Debug, Default)]
pub struct Met {
    places: HashMap<u64, Vec<usize>>,
    hasher: RandomState,
    /// How many of the list are in it: others may add to the list, too.
    counted: usize,
}

/// Something that is told once.
trait Known {
    /// What makes it the same as another: its kind, what it says, and where.
    fn key(&self) -> (&str, &str, Span);
}

impl Known for Undecided {
    fn key(&self) -> (&str, &str, Span) {
        (&self.check, &self.message, self.span)
    }
}

impl Known for Diagnostic {
    fn key(&self) -> (&str, &str, Span) {
        (self.code, &self.message, self.span)
    }
}

impl Met {
    /// Adds to a list what is not in it yet.
    fn add<T: Known>(&mut self, list: &mut Vec<T>, one: T) {
        if self.counted > list.len() {
            *self = Self::default();
        }
        for known in list.iter().skip(self.counted) {
            self.places.entry(self.hasher.hash_one(known.key())).or_default().push(self.counted);
            self.counted += 1;
        }
        let places = self.places.entry(self.hasher.hash_one(one.key())).or_default();
        if !places.iter().filter_map(|at| list.get(*at)).any(|known| known.key() == one.key()) {
            places.push(self.counted);
            self.counted += 1;
            list.push(one);
        }
    }
}

impl Findings {
    /// Adds a finding.
    pub fn push(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// One block has one finding for each check and primary span: the same one met again (another instance, another
    /// project) joins the first.
    pub fn join_same(&mut self) {
        type Met = (IndexSet<Arc<str>>, IndexSet<Arc<str>>);
        let mut met: HashMap<(CheckId, Span, Arc<str>), usize> = HashMap::new();
        let mut joined: Vec<(Finding, Met)> = Vec::new();
        for mut finding in std::mem::take(&mut self.findings) {
            let key = (finding.check.clone(), finding.primary, Arc::clone(&finding.resource));
            let instances = std::mem::take(&mut finding.instances);
            let projects = std::mem::take(&mut finding.projects);
            let index = *met.entry(key).or_insert(joined.len());
            match joined.get_mut(index) {
                Some((first, (all_instances, all_projects))) => {
                    first.severity = first.severity.max(finding.severity);
                    first.confidence = first.confidence.max(finding.confidence);
                    all_instances.extend(instances);
                    all_projects.extend(projects);
                    first.discriminators.extend(finding.discriminators);
                    finding.anchors.retain(|anchor| !first.anchors.contains(anchor));
                    first.anchors.append(&mut finding.anchors);
                }
                None => joined.push((finding, (instances.into_iter().collect(), projects.into_iter().collect()))),
            }
        }
        let whole = |(mut finding, (instances, projects)): (Finding, Met)| {
            finding.instances = instances.into_iter().collect();
            finding.projects = projects.into_iter().collect();
            finding
        };
        self.findings = joined.into_iter().map(whole).collect();
    }

    /// Adds an open question, once.
    pub fn undecided(&mut self, undecided: Undecided) {
        let [met, ..] = &mut self.met;
        met.add(&mut self.undecided, undecided);
    }

    /// Adds an error, once.
    pub fn error(&mut self, error: Diagnostic) {
        let [_, met, _] = &mut self.met;
        met.add(&mut self.errors, error);
    }

    /// Adds a note, once.
    pub fn note(&mut self, note: Diagnostic) {
        let [.., met] = &mut self.met;
        met.add(&mut self.notes, note);
    }
}

impl Finding {
    /// A certain finding about nothing yet: the rest is given by whoever makes it.
    pub fn new(check: impl Into<CheckId>, severity: Severity, primary: Span) -> Self {
        Self {
            check: check.into(),
            severity,
            confidence: Confidence::Certain,
            message: String::new(),
            primary,
            label: String::new(),
            related: Vec::new(),
            anchors: Vec::new(),
            resource: Arc::from(""),
            discriminators: BTreeSet::new(),
            instances: Vec::new(),
            projects: Vec::new(),
            missing: Vec::new(),
            hidden: Vec::new(),
            witness: None,
            help: String::new(),
            fix: None,
            waived: None,
        }
    }

    /// The same about a resource.
    #[must_use]
    pub fn about(self, site: &Site) -> Self {
        Self {
            anchors: std::iter::once(site.header).chain(site.calls.iter().copied()).collect(),
            resource: Arc::clone(&site.block),
            instances: vec![Arc::clone(&site.address)],
            projects: vec![Arc::clone(&site.project)],
            ..self
        }
    }

    /// Says what the finding rests on.
    pub fn rests_on(&mut self, reason: &Reason) {
        self.confidence = Confidence::Possible;
        if !self.missing.contains(&reason.missing) {
            self.missing.push(Arc::clone(&reason.missing));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;

    #[test]
    fn what_is_known_is_told_once_whoever_added_it() {
        let file = Sources::default().file("a.tf".into());
        let note = |at: usize| Diagnostic::new("code", "message", Span::new(file, at, at + 1));
        let mut found = Findings::default();
        for at in [1, 2, 1] {
            found.note(note(at));
        }
        // Others add to the list, and take from it.
        found.notes.push(note(3));
        found.note(note(3));
        found.note(note(4));
        assert_eq!(found.notes, [note(1), note(2), note(3), note(4)]);
        found.notes.truncate(1);
        found.note(note(2));
        found.note(note(1));
        assert_eq!(found.notes, [note(1), note(2)]);
        found.note(Diagnostic::new("other", "message", note(1).span));
        found.note(Diagnostic::new("code", "other", note(1).span));
        assert_eq!(found.notes.len(), 4);
    }
}
