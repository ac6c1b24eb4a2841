//! Reads a manifest's files into values: includes replaced by what they include, tags in their long form.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use crate::document::{self, Scalars};
use crate::files::{FileError, Files, MAX_FILE_BYTES, normalize};
use crate::finding::{Diagnostic, Findings};
use crate::source::{FileId, Sources, Span};
use crate::syntax::node::{Node, NodeKind, SyntaxError, Tag};
use crate::syntax::{json, yaml};
use crate::text::Text;
use crate::types::Type;
use crate::value::{Field, Fields, Kind, Origin, Reason, Value, Via};

use super::variables::Variables;

/// How many bytes a manifest's files may have together, those included twice counted twice: includes that include each
/// other must not multiply.
const MAX_BYTES: usize = 64 << 20;

/// What even a small file counts, in bytes.
const MIN_BYTES: usize = 16 << 10;

/// How deeply files may include each other.
const MAX_INCLUDES: usize = 16;

/// Reads the files of one manifest, and keeps what it met.
pub(super) struct Reader<'r> {
    files: &'r dyn Files,
    sources: &'r Sources,
    bytes: RefCell<usize>,
    read: RefCell<BTreeSet<Utf8PathBuf>>,
    out: RefCell<Findings>,
    reported: RefCell<HashSet<(&'static str, Span)>>,
}

/// A file that is being read, and the place that includes it.
struct Place<'p> {
    path: Utf8PathBuf,
    text: &'p str,
    by: Option<&'p Place<'p>>,
}

impl Place<'_> {
    /// The file and those that include it, from the inside out.
    fn chain(&self) -> impl Iterator<Item = &Place<'_>> {
        std::iter::successors(Some(self), |place| place.by)
    }
}

impl<'r> Reader<'r> {
    pub(super) fn new(files: &'r dyn Files, sources: &'r Sources) -> Self {
        let (bytes, read) = (RefCell::default(), RefCell::default());
        Self { files, sources, bytes, read, out: RefCell::default(), reported: RefCell::default() }
    }

    /// What was met, and the files that were read.
    pub(super) fn finish(self) -> (Findings, Vec<Utf8PathBuf>) {
        (self.out.into_inner(), self.read.into_inner().into_iter().collect())
    }

    /// The tree of files.
    pub(super) fn files(&self) -> &'r dyn Files {
        self.files
    }

    /// The start of a file.
    pub(super) fn start_of(&self, path: &Utf8Path) -> Span {
        Span::start_of(self.sources.file(path))
    }

    pub(super) fn error(&self, code: &'static str, message: impl Into<String>, span: Span) {
        if self.reported.borrow_mut().insert((code, span)) {
            self.out.borrow_mut().error(Diagnostic::new(code, message, span));
        }
    }

    pub(super) fn note(&self, code: &'static str, message: impl Into<String>, span: Span) {
        if self.reported.borrow_mut().insert((code, span)) {
            self.out.borrow_mut().note(Diagnostic::new(code, message, span));
        }
    }

    /// The document in a file whose text is known.
    pub(super) fn parse(&self, path: &Utf8Path, text: &str, variables: &Variables) -> Option<Value> {
        self.read.borrow_mut().insert(path.to_owned());
        self.tree(&Place { path: path.to_owned(), text, by: None }, variables)
    }

    /// Counts what was read.
    fn charge(&self, bytes: usize) -> Result<(), FileError> {
        let mut total = self.bytes.borrow_mut();
        *total += bytes.max(MIN_BYTES);
        if *total > MAX_BYTES { Err(FileError::TooLarge(MAX_BYTES as u64)) } else { Ok(()) }
    }

    /// The document in a file that may be there or not; `None` also where it is no document, which is then an error.
    pub(super) fn optional(&self, path: &Utf8Path, variables: &Variables) -> Option<Value> {
        if !self.files.is_file(path) {
            return None;
        }
        match self.text(path) {
            Ok(text) => self.parse(path, &text, variables),
            Err(problem) => {
                self.error("file-unreadable", format!("{path} {problem}"), self.start_of(path));
                None
            }
        }
    }

    /// The text of a file that may or may not matter, if it can be read.
    pub(super) fn peek(&self, path: &Utf8Path) -> Option<String> {
        let bytes = self.files.read(path, MAX_FILE_BYTES).ok()?;
        self.charge(bytes.len()).ok()?;
        String::from_utf8(bytes).ok()
    }

    fn text(&self, path: &Utf8Path) -> Result<String, FileError> {
        let bytes = self.files.read(path, MAX_FILE_BYTES)?;
        self.charge(bytes.len())?;
        self.read.borrow_mut().insert(path.to_owned());
        String::from_utf8(bytes).map_err(|_| FileError::Io("it is not UTF-8 text".into()))
    }

    /// The text of a file that a value names, relative to `folder`, with unknown parts where `variables` are.
    pub(super) fn policy(&self, name: &Value, folder: &Utf8Path, variables: &Variables) -> Value {
        let span = name.origin.primary();
        let fail = |missing: &str, why: &'static str| {
            let reason = Reason::new(missing, why, span);
            Value::unknown(Type::Text, reason).with_origin(name.origin.clone())
        };
        let Some(written) = name.as_str() else {
            return match name.as_unknown() {
                Some(unknown) => Value::unknown(Type::Text, unknown.reason.clone()).with_origin(name.origin.clone()),
                None => fail("the policy file", "is not named"),
            };
        };
        match self.named(&written, folder) {
            Ok((path, text)) => {
                let file = self.sources.file(&path);
                // A byte order mark is no part of the document.
                let content = text.trim_start_matches('\u{feff}');
                let at = Span::new(file, text.len() - content.len(), text.len());
                let text = variables.fill(&Text::literal(content, Some(at), true));
                let origin = Origin::at(at).via(Via::File(path.as_str().into()), span);
                Value::new(Kind::Text(text)).with_origin(origin)
            }
            Err(problem) => {
                if let Some(span) = span {
                    self.note("manifest-file-missing", format!("{written} {problem}: what it says is unknown"), span);
                }
                fail(&written, "is not in the scan")
            }
        }
    }

    fn named(&self, written: &str, folder: &Utf8Path) -> Result<(Utf8PathBuf, String), String> {
        if written.contains("://") {
            return Err("lies elsewhere".into());
        }
        let path = normalize(&folder.join(written)).ok_or_else(|| FileError::Outside.to_string())?;
        let text = self.text(&path).map_err(|error| error.to_string())?;
        Ok((path, text))
    }

    fn tree(&self, place: &Place<'_>, variables: &Variables) -> Option<Value> {
        let file = self.sources.file(&place.path);
        match parse(place.text, file, &place.path) {
            Ok(Some(node)) => Some(self.value(&node, place, variables)),
            Ok(None) => None,
            Err((code, error)) => {
                self.error(code, error.message, error.span);
                None
            }
        }
    }

    fn value(&self, node: &Node, place: &Place<'_>, variables: &Variables) -> Value {
        match node.tag.as_deref() {
            Some(Tag { name: tag, .. }) if tag.eq_ignore_ascii_case("!include") => self.include(node, place, variables),
            Some(Tag { name: tag, span }) if !tag.starts_with("!!") && tag.len() > 1 => {
                let name = match tag.trim_start_matches('!') {
                    "Ref" => "Ref".into(),
                    other => format!("Fn::{other}"),
                };
                let mut fields = Fields::default();
                fields.insert(name.into(), Some(*span), self.untagged(node, place, variables));
                Value::object(fields).at(span.to(node.span))
            }
            _ => self.untagged(node, place, variables),
        }
    }

    fn untagged(&self, node: &Node, place: &Place<'_>, variables: &Variables) -> Value {
        match &node.kind {
            NodeKind::Scalar(scalar) => {
                let value = document::from_scalar(scalar, node.span, place.text, Scalars::CloudFormation);
                match &value.kind {
                    Kind::Text(text) => Value { kind: variables.filled(text), ..value },
                    _ => value,
                }
            }
            NodeKind::Sequence(elements) => {
                let mut all = Vec::with_capacity(elements.len());
                for element in elements {
                    let value = self.value(element, place, variables);
                    match value.elements() {
                        // A variable may stand for several elements.
                        Some(several) if element.as_sequence().is_none() => all.extend(several.iter().cloned()),
                        _ => all.push(value),
                    }
                }
                Value::tuple(all).at(node.span)
            }
            NodeKind::Mapping(entries) => match bare_variable(entries) {
                // `{{ Name }}` without quotes is a mapping to YAML.
                Some(name) => variables.value(name, node.span),
                None => self.mapping(entries, place, variables).at(node.span),
            },
            NodeKind::Hole(_) => Value::null().at(node.span),
        }
    }

    fn mapping(&self, entries: &[(Node, Node)], place: &Place<'_>, variables: &Variables) -> Value {
        let mut fields = Fields::default();
        let mut merged = Vec::new();
        for (key, value) in entries {
            let Some(name) = key.as_scalar() else { continue };
            let value = self.value(value, place, variables);
            match &*name.text {
                "<<" if value.fields().is_some() => merged.push(value),
                "<<" if value.as_unknown().is_some() => return value,
                _ => fields.insert(Arc::clone(&name.text), Some(key.span), value),
            }
        }
        for more in merged.iter().filter_map(Value::fields) {
            for (name, Field { key_span, value }) in more.fields() {
                if fields.get(name).is_none() {
                    fields.insert(Arc::clone(name), *key_span, value.clone());
                }
            }
        }
        Value::object(fields)
    }

    /// The document that `!Include` names, relative to the file that includes it.
    fn include(&self, node: &Node, place: &Place<'_>, variables: &Variables) -> Value {
        let unknown = |missing: &str, why: &'static str| {
            Value::unknown(Type::Dynamic, Reason::new(missing, why, Some(node.span))).at(node.span)
        };
        let Some(name) = node.as_str() else { return unknown("!Include", "does not name a file") };
        let folder = place.path.parent().unwrap_or(Utf8Path::new(""));
        match self.named(name, folder) {
            Ok((path, text)) => {
                if place.chain().any(|place| place.path == path) || place.chain().count() > MAX_INCLUDES {
                    self.error("manifest-invalid", "files include each other without end", node.span);
                    return unknown(name, "is included without end");
                }
                let inner = Place { path: path.clone(), text: &text, by: Some(place) };
                match self.tree(&inner, variables) {
                    Some(value) => value.via(Via::File(path.as_str().into()), Some(node.span)),
                    None => unknown(name, "holds no document"),
                }
            }
            Err(problem) => {
                let message = format!("{name} {problem}: what it says is unknown");
                self.note("manifest-file-missing", message, node.span);
                unknown(name, "is not in the scan")
            }
        }
    }
}

/// The first document of a file.
fn parse(text: &str, file: FileId, path: &Utf8Path) -> Result<Option<Node>, (&'static str, SyntaxError)> {
    if path.extension() == Some("json") {
        return json::parse(text, file).map(Some).map_err(|error| ("json-syntax", error));
    }
    let documents = yaml::parse(text, file).map_err(|error| ("yaml-syntax", error))?;
    Ok(documents.into_iter().next())
}

/// The name in `{{ Name }}`.
fn bare_variable(entries: &[(Node, Node)]) -> Option<&str> {
    let [(key, _)] = entries else { return None };
    let [(name, _)] = key.as_mapping()? else { return None };
    name.as_str()
}
