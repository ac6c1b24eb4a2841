//! Scripts that infrastructure code runs, read for the calls of AWS's API that make, switch and delete access keys.
//!
//! A script is parsed and followed as far as constants lead: variables, functions, clients of the SDKs, scripts within
//! scripts. It is a [`Text`]: parts of it may be unknown (interpolations), and every character knows where it was
//! written, so that a call points into the configuration or script that holds it. What a script learns only when it runs
//! is an unknown value that says so. Nothing is ever run.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use crate::source::Span;
use crate::text::Text;
use crate::types::Type;
use crate::value::{Reason, Value};

mod cli;
mod interpret;
mod javascript;
mod program;
mod python;
mod sdk;
mod shell;
#[cfg(test)]
mod tests;
mod tree;
mod words;

/// How many scripts may stand one in the other, or run one the other.
const MAX_NESTED: usize = 8;

/// How many steps following a script and all that it runs may take.
const MAX_STEPS: usize = 200_000;

/// How deep statements, expressions and calls of functions may be nested.
const MAX_DEPTH: usize = 120;

/// The longest string that a script may put together, in bytes, and how many words one may become.
const MAX_TEXT: usize = 1 << 17;
const MAX_WORDS: usize = 4096;

/// How many calls are kept.
const MAX_CALLS: usize = 200;

/// What stands for an unknown part of a script while it is parsed: a word in every language.
const STAND_IN: &str = "ROOTLINT_UNKNOWN";

/// The language of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    /// A POSIX shell, bash or zsh.
    Shell,
    /// Python.
    Python,
    /// JavaScript, and TypeScript as far as its grammar is that of JavaScript.
    JavaScript,
}

/// The call of an operation of IAM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// `CreateAccessKey`
    Create,
    /// `UpdateAccessKey`
    Update,
    /// `DeleteAccessKey`
    Delete,
}

/// The user that a call names.
#[derive(Clone, Debug)]
pub enum User {
    /// None: IAM takes the caller, which may be the root user.
    Absent,
    /// This one; the value may be unknown, and then perhaps there is none.
    Named(Value),
}

/// Whose credentials a call is signed with, as far as the script says.
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    /// The profile.
    pub profile: Option<Value>,
    /// The id of the access key.
    pub key: Option<Value>,
    /// The role whose session it is; unknown where only a session token shows one.
    pub role: Option<Value>,
}

/// A call of IAM.
#[derive(Clone, Debug)]
pub struct Call {
    /// What it calls.
    pub operation: Operation,
    /// For whom.
    pub user: User,
    /// With whose credentials.
    pub credentials: Credentials,
    /// The characters that call: `aws iam create-access-key`, `iam.create_access_key`.
    pub span: Option<Span>,
}

/// What a script does, as far as it concerns access keys.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The calls, in the order in which they are met.
    pub calls: Vec<Call>,
    /// The profiles that it works with, each where it says so.
    pub profiles: Vec<Value>,
    /// The ids of access keys that it sets, each where it says so.
    pub keys: Vec<Value>,
    /// Why some of it was not read, and where.
    pub problems: Vec<(String, Option<Span>)>,
}

/// Where a script runs.
pub trait Surroundings {
    /// What the environment sets the variable to.
    fn variable(&self, name: &str) -> Option<Value>;

    /// The text of a file, by its path as the script names it: relative to the folder that the script starts in.
    fn file(&self, path: &str) -> Option<Text>;
}

/// Reads a script.
pub fn read(text: &Text, language: Language, surroundings: &dyn Surroundings) -> Found {
    let reader = Reader::new(surroundings);
    reader.script(text, language, &Start::default());
    reader.found.into_inner()
}

/// Reads the script in a file, whose first line or name tells the language; nothing if the file is not there.
pub fn read_file(path: &str, surroundings: &dyn Surroundings) -> Found {
    let reader = Reader::new(surroundings);
    reader.script_file(&join(None, path), None, Start { arguments: Some(Vec::new()), ..Start::default() });
    reader.found.into_inner()
}

/// Reads a command and its arguments, as `execve` takes them.
pub fn read_command(arguments: &[Value], surroundings: &dyn Surroundings) -> Found {
    let reader = Reader::new(surroundings);
    let fields = arguments.iter().map(words::Field::of_value).collect();
    shell::run(&reader, fields, &Start::default());
    reader.found.into_inner()
}

/// The language of a script file, by its first line, else by its name.
pub fn language_of(path: &str, text: &Text) -> Option<Language> {
    let (known, _) = text.known_prefix();
    let first = known.lines().next().unwrap_or_default();
    if let Some(interpreter) = first.strip_prefix("#!") {
        let mut words = interpreter.split_whitespace().map(|word| word.rsplit('/').next().unwrap_or(word));
        let name = words.find(|word| *word != "env" && !word.starts_with('-'))?;
        return interpreter_of(name);
    }
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.rsplit_once('.').map(|(_, end)| end) {
        Some("py") => Some(Language::Python),
        Some("js" | "mjs" | "cjs" | "ts" | "mts" | "cts") => Some(Language::JavaScript),
        Some("sh" | "bash" | "zsh" | "ksh" | "tpl" | "tftpl") | None => Some(Language::Shell),
        Some(_) => None,
    }
}

/// The language that an interpreter reads.
pub fn interpreter_of(command: &str) -> Option<Language> {
    let name = command.rsplit('/').next().unwrap_or(command).trim_end_matches(".exe");
    let plain = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    match plain {
        "sh" | "bash" | "zsh" | "dash" | "ash" | "ksh" => Some(Language::Shell),
        "python" | "pypy" => Some(Language::Python),
        "node" | "nodejs" | "ts-node" | "tsx" | "bun" | "deno" => Some(Language::JavaScript),
        _ => None,
    }
}

/// Whether a text may have to do with access keys or run a file that does: what does not is not parsed.
fn is_interesting(text: &Text, language: Language) -> bool {
    const IMPORTS: [&str; 2] = ["import", "require"];
    const WORDS: [&str; 9] = ["access", "akia", "asia", "profile", "./", ".sh", ".py", "js", ".ts"];
    text.flattened().pieces().any(|piece| match piece {
        crate::text::Piece::Literal(literal) => {
            let bytes = literal.text.as_bytes();
            let imports = if language == Language::Shell { &[] } else { IMPORTS.as_slice() };
            WORDS
                .iter()
                .chain(imports)
                .any(|word| bytes.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes())))
        }
        _ => false,
    })
}

/// What a script knows when it starts.
#[derive(Clone, Debug, Default)]
struct Start {
    /// `$0`, its path if it is a file.
    path: Option<String>,
    /// `$1` and so on; `None` if they are not known.
    arguments: Option<Vec<words::Field>>,
    /// Variables that the script which runs it has set, on top of the surroundings'.
    variables: Vec<(Name, Value)>,
    /// The folder it runs in, relative to that of the first script.
    folder: Option<String>,
    /// Credentials that are set up before it starts.
    credentials: Credentials,
}

/// Follows scripts.
struct Reader<'r> {
    surroundings: &'r dyn Surroundings,
    found: RefCell<Found>,
    nested: Cell<usize>,
    steps: Cell<usize>,
    /// Files that scripts have written, by their paths.
    files: RefCell<Vec<(String, Text)>>,
    /// Modules that were imported, by their paths.
    imported: RefCell<Vec<String>>,
}

impl<'r> Reader<'r> {
    fn new(surroundings: &'r dyn Surroundings) -> Self {
        let (found, files, imported) = (RefCell::default(), RefCell::default(), RefCell::default());
        Self { surroundings, found, nested: Cell::new(0), steps: Cell::new(0), files, imported }
    }

    /// Follows a script that starts like this. Gives the variables that a shell script has set.
    fn script(&self, text: &Text, language: Language, start: &Start) -> Vec<(Name, Value)> {
        let nothing = Vec::new();
        if !is_interesting(text, language) {
            return nothing;
        }
        if text.known_len() > tree::MAX_BYTES {
            let why = format!("is longer than {} bytes", tree::MAX_BYTES);
            self.problem(why, text.span_of(0, 1));
            return nothing;
        }
        if self.nested.get() >= MAX_NESTED {
            self.problem(format!("is the {MAX_NESTED}th script within a script"), text.span_of(0, 1));
            return nothing;
        }
        self.nested.set(self.nested.get() + 1);
        let set = match language {
            Language::Shell => shell::script(self, text, start),
            Language::Python | Language::JavaScript => {
                interpret::script(self, text, language, start);
                nothing
            }
        };
        self.nested.set(self.nested.get() - 1);
        set
    }

    /// Follows a script in a file, if the file is there and a script.
    fn script_file(&self, path: &str, language: Option<Language>, start: Start) -> Vec<(Name, Value)> {
        let Some(text) = self.file(path) else { return Vec::new() };
        match language.or_else(|| language_of(path, &text)) {
            Some(language) => self.script(&text, language, &Start { path: Some(path.to_owned()), ..start }),
            None => Vec::new(),
        }
    }

    /// Follows a module that a script imports, once.
    fn import(&self, path: &str, language: Language, start: &Start) {
        let is_new = !self.imported.borrow().iter().any(|known| known == path);
        if is_new {
            self.imported.borrow_mut().push(path.to_owned());
            self.script_file(path, Some(language), start.clone());
        }
    }

    /// The text of a file that a script has written or that is there.
    fn file(&self, path: &str) -> Option<Text> {
        let written = self.files.borrow().iter().rev().find(|(known, _)| known == path).map(|(_, text)| text.clone());
        written.or_else(|| self.surroundings.file(path))
    }

    fn write_file(&self, path: String, text: Text) {
        self.files.borrow_mut().push((path, text));
    }

    /// Takes a step; whether there are any left.
    fn step(&self) -> bool {
        self.steps.set(self.steps.get() + 1);
        if self.steps.get() >= MAX_STEPS {
            self.problem(format!("takes more than {MAX_STEPS} steps to follow"), None);
        }
        self.steps.get() < MAX_STEPS
    }

    /// Takes the steps that handling so many bytes is worth.
    fn handle(&self, bytes: usize) {
        self.steps.set(self.steps.get().saturating_add(bytes / 64));
    }

    fn problem(&self, why: String, span: Option<Span>) {
        let mut found = self.found.borrow_mut();
        if !found.problems.iter().any(|(known, _)| *known == why) {
            found.problems.push((why, span));
        }
    }

    fn call(&self, call: Call) {
        let mut found = self.found.borrow_mut();
        let same = |known: &Call| {
            known.operation == call.operation
                && known.span == call.span
                && shown(&known.user) == shown(&call.user)
                && known.credentials.profile.is_some() == call.credentials.profile.is_some()
        };
        if found.calls.len() < MAX_CALLS && !found.calls.iter().any(same) {
            found.calls.push(call);
        }
    }

    /// Remembers a profile that the script works with.
    fn profile(&self, profile: &Value) {
        let mut found = self.found.borrow_mut();
        if !found.profiles.iter().any(|known| known.origin.span == profile.origin.span) {
            found.profiles.push(profile.clone());
        }
    }

    /// Remembers the id of an access key that the script sets.
    fn key(&self, key: &Value) {
        let mut found = self.found.borrow_mut();
        if !found.keys.iter().any(|known| known.origin.span == key.origin.span) {
            found.keys.push(key.clone());
        }
    }
}

/// What two users that are the same have in common.
fn shown(user: &User) -> String {
    match user {
        User::Absent => String::new(),
        User::Named(value) => format!("{:?}", value.kind),
    }
}

/// A value that is known only when the script runs.
fn runtime(what: impl Into<Arc<str>>, why: &'static str, span: Option<Span>) -> Value {
    let value = Value::unknown(Type::Text, Reason::new(what, why, span));
    match span {
        Some(span) => value.at(span),
        None => value,
    }
}

/// What stands for the folder that the first script starts in, in paths that a script computes.
const START: &str = "/where-it-starts";

/// A path seen from a folder, both relative to the folder that the first script starts in.
fn join(folder: Option<&str>, path: &str) -> String {
    if let Some(path) = path.strip_prefix(START) {
        return path.trim_start_matches('/').to_owned();
    }
    let path = path.strip_prefix("./").unwrap_or(path);
    match folder {
        Some(folder) if !path.starts_with('/') && !folder.is_empty() => format!("{folder}/{path}"),
        _ => path.to_owned(),
    }
}

/// A variable's name, shared by the environments of scripts.
type Name = Rc<str>;
