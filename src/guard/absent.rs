//! What stands for users' own rules where the program is built without the feature `guard`: there are none, and who asks for them
//! is told.

use camino::Utf8Path;
use serde_json::Value as Json;

use crate::finding::{Findings, Severity};
use crate::resource::Project;
use crate::source::Span;

/// How large a rule file may be.
pub const MAX_BYTES: u64 = 1 << 20;

const ABSENT: &str = "this rootlint was built without rules of one's own (the feature `guard`)";

/// A rule of a user's own.
#[derive(Clone, Debug)]
pub struct OwnRule {
    /// Its id.
    pub id: String,
    /// One line.
    pub title: String,
    /// How bad its findings are.
    pub severity: Severity,
    /// The comments above it.
    pub page: String,
    /// Where it stands.
    pub place: String,
}

/// A rule file: there is none.
#[derive(Clone, Debug)]
pub enum RuleFile {}

impl RuleFile {
    /// Refuses the file.
    ///
    /// # Errors
    /// Always.
    pub fn parse(path: &Utf8Path, _text: &str, _inside: bool) -> Result<Self, String> {
        Err(format!("{path}: {ABSENT}"))
    }

    /// Its path.
    pub fn path(&self) -> &Utf8Path {
        match *self {}
    }

    /// Whether its path is relative to the root of what is looked at.
    pub fn is_inside(&self) -> bool {
        match *self {}
    }
}

/// All rules of a run: none.
#[derive(Clone, Debug, Default)]
pub struct Ruleset;

impl Ruleset {
    /// Adds a file.
    ///
    /// # Errors
    /// None: there is no file.
    pub fn add(&mut self, file: RuleFile) -> Result<(), String> {
        match file {}
    }

    /// The files.
    pub fn files(&self) -> &[RuleFile] {
        &[]
    }

    /// The rules.
    pub fn rules(&self) -> impl Iterator<Item = &OwnRule> {
        std::iter::empty()
    }

    /// The rule of an id.
    pub fn rule(&self, _id: &str) -> Option<&OwnRule> {
        None
    }

    /// The rules as they are evaluated.
    pub fn parsed(&self) -> Parsed {
        Parsed
    }
}

/// Rules that can be evaluated: none.
#[derive(Debug)]
pub struct Parsed;

impl Parsed {
    /// Does nothing.
    pub fn evaluate(&self, _project: &dyn Project, _out: &mut Findings) {}
}

/// The document that rules would see: nothing is there to make it.
///
/// # Errors
/// None.
pub fn document(_project: &dyn Project) -> Option<Result<Json, String>> {
    None
}

/// One test of a file of tests.
#[derive(Debug)]
pub struct Case {
    /// Its name.
    pub name: String,
    /// What becomes of each rule that it names.
    pub outcomes: Vec<CaseOutcome>,
}

/// What became of a rule in a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseOutcome {
    /// The rule.
    pub rule: String,
    /// What was expected.
    pub expected: String,
    /// What it is, or why it could not be evaluated.
    pub actual: Result<String, String>,
    /// Where the expectation is written.
    pub span: Span,
}

/// Runs no tests: there are no rules.
///
/// # Errors
/// None.
pub fn cases(rules: &RuleFile, _text: &str, _is_json: bool, _base: Span) -> Result<Vec<Case>, (String, Span)> {
    match *rules {}
}
