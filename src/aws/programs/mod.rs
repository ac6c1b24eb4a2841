//! Programs that a configuration has somebody run: who runs which text, and what it does to access keys.
//!
//! A carrier is an attribute that holds a program or names its file: a provisioner, user data, a function's code. Each
//! part of this module knows some carriers; [`crate::script`] reads what they carry.

use std::sync::Arc;

use crate::aws::access_key::{self, AccessKey};
use crate::finding::Diagnostic;
use crate::resource::{Project, Resource, Site, Texts};
use crate::script::{self, Found, Language, Operation, Surroundings, User};
use crate::text::Text;
use crate::value::{Reason, Value};

mod provisioners;

/// A program that has to do with access keys.
#[derive(Clone, Debug)]
pub struct Program {
    /// The resource that carries it.
    pub site: Site,
    /// What it is, as the start of a sentence: ``the `local-exec` provisioner``.
    pub what: String,
    /// Who runs it.
    pub caller: Caller,
    /// The account it works in, as far as the configuration says.
    pub account: Option<Arc<str>>,
    /// What it does.
    pub found: Found,
}

/// Whose credentials a program runs with, unless it has its own.
#[derive(Clone, Debug)]
pub enum Caller {
    /// Whoever this is: it may be the root user.
    Anybody(&'static str),
    /// A role, and which: the rest of a sentence that starts with the program.
    Role(String),
    /// A role, if something unknown is as it seems.
    Perhaps(String, Reason),
}

/// What the carriers are read from.
struct Carriers<'c> {
    folder: Option<String>,
    texts: &'c dyn Texts,
    resources: &'c [Resource<'c>],
    programs: Vec<Program>,
}

/// Where one program runs.
#[derive(Clone, Default)]
struct Place<'c> {
    /// The folder that it starts in, from the root of the scan; none if it cannot be one of the scan.
    folder: Option<String>,
    texts: Option<&'c dyn Texts>,
    variables: Vec<(Arc<str>, Value)>,
}

/// The largest text that is looked at, in bytes.
const MAX_TEXT: usize = 4 << 20;

/// Whether resources of the type carry programs.
pub fn wanted(_kind: &str) -> bool {
    false
}

/// The programs of a project. `resources` are those that are wanted.
pub fn programs(project: &dyn Project, resources: &[Resource<'_>], texts: &dyn Texts) -> Vec<Program> {
    let mut carriers = Carriers { folder: project.folder(), texts, resources, programs: Vec::new() };
    for resource in project.provisioned() {
        provisioners::read_all(&resource, &mut carriers);
    }
    carriers.programs
}

impl Program {
    /// What of it was not read.
    pub fn problems(&self) -> impl Iterator<Item = Diagnostic> + '_ {
        self.found.problems.iter().map(|(why, span)| {
            let message = format!("{} of `{}` is not wholly read: it {why}", self.what, self.site.address);
            Diagnostic::new("script-not-read", message, span.unwrap_or(self.site.header))
        })
    }
}

/// The keys that programs make for users whom they name. One that also switches keys off or deletes them replaces keys,
/// and is no place where one comes from.
pub fn keys(programs: &[Program]) -> Vec<AccessKey> {
    let mut keys = Vec::new();
    for program in programs {
        let calls = &program.found.calls;
        if calls.iter().any(|call| call.operation != Operation::Create) {
            continue;
        }
        for call in calls {
            let User::Named(user) = &call.user else { continue };
            let is_told = user.as_text().is_some_and(|text| text.sole_unknown().is_none()) || user.symbol().is_some();
            if is_told {
                keys.push(AccessKey {
                    site: program.site.clone(),
                    user: user.clone(),
                    status: Value::null(),
                    mentions: Vec::new(),
                    account: program.account.clone(),
                    by_script: true,
                });
            }
        }
    }
    keys
}

impl Carriers<'_> {
    /// A place in the scan, where files are found.
    fn place(&self, folder: Option<String>) -> Place<'_> {
        Place { folder, texts: Some(self.texts), variables: Vec::new() }
    }

    /// Adds a program, if it has to do with keys.
    fn add(&mut self, resource: &Resource<'_>, what: impl Into<String>, caller: Caller, found: Found) {
        if found.calls.is_empty() && found.profiles.is_empty() && found.keys.is_empty() && found.problems.is_empty() {
            return;
        }
        let account = access_key::account(&resource.provider);
        self.programs.push(Program { site: resource.site.clone(), what: what.into(), caller, account, found });
    }
}

impl Place<'_> {
    /// Variables of the program's environment: a map.
    fn with_environment(mut self, environment: &Value) -> Self {
        for (name, value) in environment.fields().into_iter().flat_map(|fields| fields.iter()) {
            self.variables.push((Arc::clone(name), value.clone()));
        }
        self
    }
}

impl Surroundings for Place<'_> {
    fn variable(&self, name: &str) -> Option<Value> {
        self.variables.iter().rev().find(|(known, _)| **known == *name).map(|(_, value)| value.clone())
    }

    fn file(&self, path: &str) -> Option<Text> {
        let folder = self.folder.as_deref()?;
        if path.is_empty() || path.starts_with('/') || path.starts_with('~') {
            return None;
        }
        let path = if folder.is_empty() { path.to_owned() } else { format!("{folder}/{path}") };
        self.texts?.text(&path)
    }
}

/// Reads a text in a language.
fn read(text: &Value, language: Language, place: &Place<'_>) -> Found {
    match text.as_text() {
        Some(text) if text.known_len() <= MAX_TEXT => script::read(text, language, place),
        _ => Found::default(),
    }
}

/// All that several scripts do.
fn joined(all: impl IntoIterator<Item = Found>) -> Found {
    let mut joined = Found::default();
    for found in all {
        joined.calls.extend(found.calls);
        joined.profiles.extend(found.profiles);
        joined.keys.extend(found.keys);
        joined.problems.extend(found.problems);
    }
    joined
}

/// Commands that run one after the other in one shell: one text, in which every command keeps its place.
fn lines(commands: &Value) -> Value {
    let end = Text::from("\n");
    let mut texts = Vec::new();
    for command in commands.elements().unwrap_or(std::slice::from_ref(commands)) {
        if let Some(text) = command.as_text() {
            texts.extend([text.clone(), end.clone()]);
        } else if let Some(unknown) = command.as_unknown() {
            texts.extend([Text::unknown(unknown), end.clone()]);
        }
    }
    Value::new(crate::value::Kind::Text(Text::concat(&texts)))
}
