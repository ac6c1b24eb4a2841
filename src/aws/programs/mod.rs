//! Programs that a configuration has somebody run: who runs which text, and what it does to access keys.
//!
//! A carrier is an attribute that holds a program or names its file: a provisioner, user data, a function's code. Each
//! part of this module knows some carriers; [`crate::script`] reads what they carry.

use std::sync::Arc;

use crate::aws::access_key::{self, AccessKey};
use crate::finding::Diagnostic;
use crate::resource::{Project, Resource, Site, Texts};
use crate::script::{self, Found, Language, Operation, Surroundings, User};
use crate::text::{Literal, Piece, Text};
use crate::types::Type;
use crate::value::{Kind, Reason, Unknown, Value};

mod functions;
mod machines;
mod provisioners;
mod services;
mod steps;

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
    written: Vec<(String, Text)>,
    programs: Vec<Program>,
}

/// Where one program runs.
#[derive(Clone, Default)]
struct Place<'c> {
    /// The folder that it starts in, from the root of the scan; none if it cannot be one of the scan.
    folder: Option<String>,
    texts: Option<&'c dyn Texts>,
    variables: Vec<(Arc<str>, Value)>,
    /// Files that the configuration writes.
    written: Vec<(String, Text)>,
}

/// The largest text that is looked at, in bytes.
const MAX_TEXT: usize = 4 << 20;

/// Files that Terraform writes: their path and content.
const WRITTEN: [&str; 2] = ["local_file", "local_sensitive_file"];

/// Whether resources of the type carry programs.
pub fn wanted(kind: &str) -> bool {
    functions::wanted(kind)
        || machines::wanted(kind)
        || services::wanted(kind)
        || steps::wanted(kind)
        || WRITTEN.contains(&kind)
}

/// The programs of a project. `resources` are those that are wanted.
pub fn programs(project: &dyn Project, resources: &[Resource<'_>], texts: &dyn Texts) -> Vec<Program> {
    let mut carriers =
        Carriers { folder: project.folder(), texts, resources, written: Vec::new(), programs: Vec::new() };
    for resource in resources.iter().filter(|resource| WRITTEN.contains(&resource.kind())) {
        if let (Some(path), Some(text)) = (resource.get("filename").as_str(), resource.get("content").as_text()) {
            carriers.written.push((plain_path(&path).to_owned(), text.clone()));
        }
    }
    for resource in project.provisioned() {
        provisioners::read_all(&resource, &mut carriers);
    }
    for resource in resources {
        match resource.kind() {
            kind if functions::wanted(kind) => functions::read_all(resource, &mut carriers),
            kind if machines::wanted(kind) => machines::read_all(resource, &mut carriers),
            kind if services::wanted(kind) => services::read_all(resource, &mut carriers),
            kind if steps::wanted(kind) => steps::read_all(resource, &mut carriers),
            _ => {}
        }
    }
    carriers.programs
}

/// A path without the beginning that changes nothing.
fn plain_path(path: &str) -> &str {
    path.strip_prefix("./").unwrap_or(path)
}

/// A folder seen from another.
fn inner(folder: &str, path: &str) -> String {
    match (folder, plain_path(path)) {
        (folder, ".") => folder.to_owned(),
        ("", path) => path.to_owned(),
        (folder, path) => format!("{folder}/{path}"),
    }
}

impl Program {
    /// Whether it calls IAM, holds a key, or works with a profile that looks like root's: others are everywhere.
    pub fn is_telling(&self) -> bool {
        let Found { calls, keys, profiles, .. } = &self.found;
        let is_root = |profile: &Value| profile.as_str().is_some_and(|name| name.to_ascii_lowercase().contains("root"));
        !calls.is_empty() || keys.iter().any(|key| key.as_str().is_some()) || profiles.iter().any(is_root)
    }

    /// The key that a call for this user makes.
    pub fn key_for(&self, user: &Value) -> AccessKey {
        AccessKey {
            site: self.site.clone(),
            user: user.clone(),
            status: Value::null(),
            mentions: Vec::new(),
            account: self.account.clone(),
            by_script: true,
        }
    }

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
            // A name that only the script learns, when it runs, is nobody's yet.
            let is_told = user.as_text().is_some_and(|text| text.sole_unknown().is_none()) || user.symbol().is_some();
            keys.extend(is_told.then(|| program.key_for(user)));
        }
    }
    keys
}

impl Carriers<'_> {
    /// A place in the scan, where files are found.
    fn place(&self, folder: Option<String>) -> Place<'_> {
        Place { folder, texts: Some(self.texts), variables: Vec::new(), written: self.written.clone() }
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
        let written = self.written.iter().rev().find(|(known, _)| *known == plain_path(path));
        if let Some((_, text)) = written {
            return Some(text.clone());
        }
        let folder = self.folder.as_deref()?;
        if path.is_empty() || path.starts_with('/') || path.starts_with('~') {
            return None;
        }
        self.texts?.text(&inner(folder, path))
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
    Value::new(Kind::Text(Text::concat(&texts)))
}

/// The string with what stands between `open` and `close` taken for unknown: what a service puts in when it runs.
fn with_placeholders(value: &Value, open: &str, close: &str) -> Value {
    let Some(text) = value.as_text() else { return value.clone() };
    let mut pieces = Vec::new();
    for piece in text.flattened().pieces() {
        let Piece::Literal(literal) = &piece else {
            pieces.push(piece);
            continue;
        };
        let part = |from: usize, to: usize| {
            let text = literal.text.get(from..to).unwrap_or_default().into();
            let span = literal.span.map(|span| if literal.exact { span.slice(from, to) } else { span });
            Literal { text, span, exact: literal.exact }
        };
        let mut at = 0;
        while let Some(start) = literal.text.get(at..).and_then(|rest| rest.find(open)).map(|found| at + found) {
            let Some(end) = literal.text.get(start..).and_then(|rest| rest.find(close)) else { break };
            let end = start + end + close.len();
            pieces.push(Piece::Literal(part(at, start)));
            let inner = part(start, end);
            let reason = Reason::new(&*inner.text, "is known when it runs", inner.span);
            let unknown = Unknown { ty: Type::Text, not_null: true, symbol: None, among: None, reason };
            pieces.push(Piece::Unknown(Arc::new(unknown)));
            at = end;
        }
        pieces.push(Piece::Literal(part(at, literal.text.len())));
    }
    Value { kind: Kind::Text(Text::from_pieces(pieces)), ..value.clone() }
}
