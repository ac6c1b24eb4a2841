//! Users' own rules, in AWS's Guard language, over the resources of a project.
//!
//! The engine is AWS's. It is made for rules and documents of people who trust themselves: it follows whatever refers to
//! itself and recurses as deep as it is told to. So a rule file is looked through before the engine gets it ([`outline`]),
//! its names are followed before it is evaluated ([`references`]), and documents are made of our values, never of text.

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use cloudformation_guard_lang::exprs::RulesFile;
use cloudformation_guard_lang::parser::{Span as GuardText, rules_file};
use rayon::prelude::*;
use serde_json::Value as Json;

use self::document::{Document, Wanted};
use self::outline::Outline;
use crate::finding::{Diagnostic, Findings, Severity};
use crate::resource::{Language, Project};
use crate::source::LineIndex;

mod address;
mod cases;
mod document;
mod engine;
mod found;
mod outline;
mod page;
mod references;
mod violation;

pub use self::cases::{Case, Outcome as CaseOutcome, cases};

/// How large a rule file may be.
pub const MAX_BYTES: u64 = outline::MAX_BYTES;

/// The parts of a plan that rules speak of.
const CHANGES: &str = "resource_changes";
const PLANNED: &str = "planned_values";

/// What the id of a rule starts with.
const PREFIX: &str = "guard/";

/// Something in a rule file that is wrong, and the byte where.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Problem {
    message: String,
    at: usize,
}

impl Problem {
    fn new(message: impl Into<String>, at: usize) -> Self {
        Self { message: message.into(), at }
    }
}

/// A rule of a user's own.
#[derive(Clone, Debug)]
pub struct OwnRule {
    /// Its id: `guard/` and its name; of what stands outside of a named rule, also the name of the file.
    pub id: String,
    /// Its name in the file.
    pub name: String,
    /// One line: the first line of the comments above it, else its name.
    pub title: String,
    /// `# severity: high` in the comments above it or at the start of the file.
    pub severity: Severity,
    /// The comments above it.
    pub page: String,
    /// Where the rule stands: `policy/users.guard:12`.
    pub place: String,
}

/// A rule file that was read and found to be in order.
#[derive(Clone, Debug)]
pub struct RuleFile {
    path: Utf8PathBuf,
    /// Whether the path is one of the files that are looked at.
    inside: bool,
    text: Arc<str>,
    rules: Vec<OwnRule>,
}

/// All rules of a run.
#[derive(Clone, Debug, Default)]
pub struct Ruleset {
    files: Vec<RuleFile>,
}

impl RuleFile {
    /// Reads a rule file. `inside` says whether `path` is relative to the root of what is looked at.
    ///
    /// # Errors
    /// `path:line:column: what is wrong`, also for what the engine could not survive.
    pub fn parse(path: &Utf8Path, text: &str, inside: bool) -> Result<Self, String> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let located = |problem: Problem| {
            let at = LineIndex::new(text).position(text, problem.at as u32);
            format!("{path}:{}:{}: {}", at.line, at.column, problem.message)
        };
        let rules = own_rules(path, text).map_err(located)?;
        Ok(Self { path: path.to_owned(), inside, text: Arc::from(text), rules })
    }

    /// Its path as it was named.
    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// Whether its path is relative to the root of what is looked at.
    pub fn is_inside(&self) -> bool {
        self.inside
    }

    /// Whether it speaks of Terraform's plans and not of resources: it has nothing to say about a template.
    fn is_about_plans(&self) -> bool {
        (self.text.contains(CHANGES) || self.text.contains(PLANNED)) && !self.text.contains("Resources")
    }
}

impl Ruleset {
    /// Adds a file; the same one twice is one.
    ///
    /// # Errors
    /// When a rule of another file has the same name: a waiver could not tell them apart.
    pub fn add(&mut self, file: RuleFile) -> Result<(), String> {
        if self.files.iter().any(|known| known.path == file.path && known.inside == file.inside) {
            return Ok(());
        }
        for rule in &file.rules {
            if let Some(known) = self.rule(&rule.id) {
                return Err(format!("{}: the rule `{}` is also in {}", rule.place, rule.name, known.place));
            }
        }
        self.files.push(file);
        Ok(())
    }

    /// Whether there are no rules.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The files.
    pub fn files(&self) -> &[RuleFile] {
        &self.files
    }

    /// All rules, by file.
    pub fn rules(&self) -> impl Iterator<Item = &OwnRule> {
        self.files.iter().flat_map(|file| &file.rules)
    }

    /// The rule of an id.
    pub fn rule(&self, id: &str) -> Option<&OwnRule> {
        self.rules().find(|rule| rule.id == id)
    }

    /// The rules, parsed once for all projects.
    pub fn parsed(&self) -> Parsed<'_> {
        let files: Vec<_> = self.files.iter().filter_map(|file| Some((file, parse(&file.text).ok()??.0))).collect();
        let speaks = |word: &str| self.files.iter().any(|file| file.text.contains(word));
        let parsed = self.files.iter().any(|file| references::parses_strings(&file.text));
        let wanted = Wanted { changes: speaks(CHANGES), planned: speaks(PLANNED), parsed, bare: false };
        Parsed { files, wanted }
    }
}

/// Rules that can be evaluated.
#[derive(Debug)]
pub struct Parsed<'r> {
    files: Vec<(&'r RuleFile, RulesFile<'r>)>,
    wanted: Wanted,
}

impl Parsed<'_> {
    /// Evaluates all rules over a project.
    pub fn evaluate(&self, project: &dyn Project, out: &mut Findings) {
        if self.files.is_empty() || !has_resources(project) {
            return;
        }
        let project_is_template = project.language() == Language::CloudFormation;
        let mut document = Err(String::new());
        // What is wrong in a resource that no check asks for makes its values unknown; it is no error of the run.
        project.aside(&mut || document = Document::of(project, self.wanted));
        let document = match document {
            Ok(document) => document,
            Err(message) => {
                let resources = project.resources(&|_| true);
                if let Some(resource) = resources.first() {
                    let message = format!("rules are not evaluated over this project: {message}");
                    out.error(Diagnostic::new("rules-document", message, resource.site.header));
                }
                return;
            }
        };
        // What may be null has a value here, if an unknown one, and none there: a rule that demands it fails there only.
        let mut bare = None;
        if document.may_be_null {
            let wanted = Wanted { bare: true, ..self.wanted };
            project.aside(&mut || bare = Document::of(project, wanted).ok());
        }
        // A query for all resources fails where there are none.
        let Some(header) = document.first_site().map(|site| site.header) else { return };
        let evaluate = |(file, rules): &(&RuleFile, RulesFile<'_>)| {
            let mut own = Findings::default();
            if project_is_template && file.is_about_plans() {
                return own;
            }
            let mut over_bare = bare.as_ref().map(|bare| engine::evaluate(rules, bare)).unwrap_or_default().into_iter();
            for (name, verdict) in engine::evaluate(rules, &document) {
                let verdict_over_bare = over_bare.next();
                let Some(rule) = file.rules.iter().find(|rule| rule.name == name) else { continue };
                match verdict {
                    Ok(verdict) => {
                        let perhaps = match (&bare, verdict_over_bare) {
                            (Some(bare), Some((_, Ok(over)))) => {
                                Some((bare, found::perhaps_missing(&verdict, &over, bare)))
                            }
                            _ => None,
                        };
                        found::take(rule, verdict, &document, header, &mut own);
                        if let Some((bare, perhaps)) = perhaps {
                            found::take(rule, perhaps, bare, header, &mut own);
                        }
                    }
                    Err(message) => {
                        let message = format!("the rule `{name}` ({}) cannot be evaluated: {message}", rule.place);
                        own.error(Diagnostic::new("rule-evaluation", message, header));
                    }
                }
            }
            own
        };
        let all: Vec<Findings> = match self.files.len() {
            1 => self.files.iter().map(evaluate).collect(),
            _ => self.files.par_iter().map(evaluate).collect(),
        };
        for own in all {
            out.findings.extend(own.findings);
            out.undecided.extend(own.undecided);
            out.errors.extend(own.errors);
        }
    }
}

/// Whether rules are evaluated over the project.
fn has_resources(project: &dyn Project) -> bool {
    matches!(project.language(), Language::Terraform | Language::CloudFormation)
}

/// The whole document that rules see of a project; none for what is no code of resources.
///
/// # Errors
/// In words, when it would be too large.
pub fn document(project: &dyn Project) -> Option<Result<Json, String>> {
    let wanted = Wanted { changes: true, planned: true, ..Wanted::default() };
    has_resources(project).then(|| {
        let mut document = Err(String::new());
        project.aside(&mut || document = Document::of(project, wanted).map(|document| document.json()));
        document
    })
}

/// A rule file as the engine has it, unless there is nothing in it.
fn parse(text: &str) -> Result<Option<(RulesFile<'_>, Outline)>, Problem> {
    if text.len() as u64 > MAX_BYTES {
        return Err(Problem::new(format!("a rule file may have {MAX_BYTES} bytes"), 0));
    }
    let outline = outline::outline(text)?;
    // Parts of the parser are not written for every input.
    let parsed = std::panic::catch_unwind(|| rules_file(GuardText::new_extra(text, "")));
    match parsed {
        Err(_) => Err(Problem::new("the Guard engine fails on this file", 0)),
        Ok(Err(error)) => Err(syntax_problem(text, &error.to_string())),
        Ok(Ok(None)) => Ok(None),
        Ok(Ok(Some(rules))) => {
            references::check(&rules, &outline, text)?;
            Ok(Some((rules, outline)))
        }
    }
}

/// The parser says in words how far it came: `... at line 3 at column 5, when handling THIS, fragment ...`.
fn syntax_problem(text: &str, said: &str) -> Problem {
    let number = |word: &str| {
        let (_, rest) = said.split_once(word)?;
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<u32>().ok()
    };
    let (line, column) = (number(" at line ").unwrap_or(1), number(" at column ").unwrap_or(1));
    let start = LineIndex::new(text).line_start(line);
    let rest = text.get(start..).unwrap_or_default();
    let at = start + rest.char_indices().nth(column.saturating_sub(1) as usize).map_or(rest.len(), |(at, _)| at);
    let context = said.split_once("when handling ").map_or("", |(_, rest)| rest);
    let context = context.split_once(", fragment").map_or(context, |(context, _)| context).trim();
    // What the parser tried in vain before is of no use to a reader.
    let context = context.rsplit('/').next().unwrap_or_default();
    let context: String = context.chars().take(160).collect();
    match context.is_empty() {
        true => Problem::new("from here on this is no Guard rule", at),
        false => Problem::new(format!("from here on this is no Guard rule: {context}"), at),
    }
}

fn own_rules(path: &Utf8Path, text: &str) -> Result<Vec<OwnRule>, Problem> {
    let Some((rules, outline)) = parse(text)? else { return Ok(Vec::new()) };
    let lines = LineIndex::new(text);
    let mut own: Vec<OwnRule> = Vec::new();
    for rule in &rules.guard_rules {
        let name = &rule.rule_name;
        if own.iter().any(|known| known.name == *name) {
            continue;
        }
        let named = outline.rules.iter().find(|named| named.name == *name);
        let at = named.map_or(outline.start.unwrap_or(0), |named| named.at);
        let page = page::of_rule(text, &outline, at).map_err(|(message, at)| Problem::new(message, at))?;
        let id = match named {
            Some(_) => format!("{PREFIX}{name}"),
            None => format!("{PREFIX}{}/{name}", path.file_stem().unwrap_or("rules")),
        };
        let title = if page.title.is_empty() { name.replace('_', " ") } else { page.title };
        let place = format!("{path}:{}", lines.position(text, at as u32).line);
        let severity = page.severity.unwrap_or(Severity::Medium);
        own.push(OwnRule { id, name: name.clone(), title, severity, page: page.text, place });
    }
    Ok(own)
}

#[cfg(test)]
mod tests;
