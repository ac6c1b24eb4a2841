//! Templates written as a string in something else: in a stack set, in a Terraform resource.

use std::sync::Arc;

use camino::Utf8Path;

use crate::cloudformation::nested::Place;
use crate::cloudformation::{Given, Template, syntax};
use crate::document::{self, DocumentError, Slices};
use crate::finding::Diagnostic;
use crate::source::{FileId, Span};
use crate::syntax::node::{Node, NodeKind, Scalar, Style};
use crate::syntax::{json, yaml};
use crate::text::Text;
use crate::value::{Kind, Reason, Value};

/// Why there is no template in a string.
#[derive(Debug)]
pub enum Failure {
    /// It is none.
    Error(Diagnostic),
    /// It is not known.
    Unknown(Reason),
}

/// The text of a file as the string that is written there.
pub fn content(text: &str, file: FileId) -> Value {
    let span = Span::new(file, 0, text.len());
    Value::new(Kind::Text(Text::literal(text, Some(span), true))).at(span)
}

/// The template in a string, or in the value that was encoded as one; `source` is the text of the file that holds it.
pub(super) fn load(
    place: Place,
    value: &Value,
    source: Arc<str>,
    given: &[Given],
) -> Result<(Template, Vec<Diagnostic>), Failure> {
    let mut holes = Vec::new();
    let root = root(value, &mut holes)?;
    let span = root.span;
    if !syntax::is_template(&root) {
        return Err(Failure::Error(Diagnostic::new("cfn-invalid-section", "this is no template", span)));
    }
    let errors = syntax::repeated_keys(&root);
    Ok((Template::new(place, source, root, &given.to_vec(), holes), errors))
}

/// Its tree. What is not known in it becomes a hole with that value.
fn root(value: &Value, holes: &mut Vec<Value>) -> Result<Node, Failure> {
    let base = value.origin.written().or(value.origin.span);
    let fallback = || Failure::Unknown(Reason::new("template", "is written nowhere", None));
    let text = match &value.kind {
        Kind::Text(text) if text.as_encoded().is_none() => text,
        Kind::Unknown(unknown) => return Err(Failure::Unknown(unknown.reason.clone())),
        _ => {
            let base = base.ok_or_else(fallback)?;
            return match document::read(value) {
                Ok(value) => Ok(node(&value, base, holes)),
                Err(error) => Err(failure(error, base)),
            };
        }
    };
    let base = text.span_of(0, text.known_len()).or(base).ok_or_else(fallback)?;
    let braced = text.known_prefix().0.trim_start().starts_with('{');
    let Some(known) = text.as_str() else {
        let read = if braced { document::read(value) } else { document::read_yaml(value) };
        return match read {
            Ok(value) => Ok(node(&value, base, holes)),
            Err(error) => Err(failure(error, base)),
        };
    };
    let start = Span::start_of(base.file);
    let parsed = match braced {
        true => json::parse_at(&known, start).map_err(|error| ("json-syntax", error)),
        false => match yaml::parse_at(&known, start) {
            Ok(documents) => documents.into_iter().next().ok_or_else(fallback).map(Ok)?,
            Err(error) => Err(("yaml-syntax", error)),
        },
    };
    let places = Places { slices: Slices::new(text), base };
    match parsed {
        Ok(mut root) => {
            places.put(&mut root);
            Ok(root)
        }
        Err((code, error)) => Err(Failure::Error(Diagnostic::new(code, error.message, places.at(error.span)))),
    }
}

fn failure(error: DocumentError, base: Span) -> Failure {
    match error {
        DocumentError::Unknown(reason) => Failure::Unknown(reason),
        DocumentError::Syntax { message, span } => {
            Failure::Error(Diagnostic::new("yaml-syntax", message, span.unwrap_or(base)))
        }
    }
}

/// Takes positions in a string back to where it is written.
struct Places {
    slices: Slices,
    base: Span,
}

impl Places {
    fn at(&self, span: Span) -> Span {
        self.slices.span(span.start as usize..span.end as usize).unwrap_or(self.base)
    }

    fn put(&self, node: &mut Node) {
        let mut open = vec![node];
        while let Some(node) = open.pop() {
            node.span = self.at(node.span);
            if let Some(tag) = &mut node.tag {
                tag.span = self.at(tag.span);
            }
            match &mut node.kind {
                NodeKind::Scalar(scalar) => {
                    scalar.content = self.at(scalar.content);
                    // The file may write the characters in another way than the string has them.
                    scalar.exact = false;
                }
                NodeKind::Sequence(elements) => open.extend(elements),
                NodeKind::Mapping(entries) => {
                    for (key, value) in entries {
                        open.push(key);
                        open.push(value);
                    }
                }
                NodeKind::Hole(_) => {}
            }
        }
    }
}

/// A value as a tree.
fn node(value: &Value, base: Span, holes: &mut Vec<Value>) -> Node {
    let span = value.origin.written().or(value.origin.span).unwrap_or(base);
    let scalar =
        |text: String, style: Style| NodeKind::Scalar(Scalar { text: text.into(), content: span, exact: false, style });
    let kind = match &value.kind {
        Kind::Null(_) => scalar("null".into(), Style::Plain),
        Kind::Bool(truth) => scalar(truth.to_string(), Style::Plain),
        Kind::Number(number) => scalar(number.to_string(), Style::Plain),
        Kind::Text(text) => match text.as_str() {
            Some(known) if value.origin.hops.is_none() => scalar(known.into_owned(), Style::Text),
            _ => hole(value, holes),
        },
        Kind::Tuple(elements) | Kind::List(_, elements) | Kind::Set(_, elements) => {
            NodeKind::Sequence(elements.iter().map(|element| node(element, span, holes)).collect())
        }
        Kind::Object(fields) | Kind::Map(_, fields) => {
            let mut entries = Vec::new();
            for (name, field) in fields.fields() {
                let key_span = field.key_span.unwrap_or(span);
                let key = Scalar { text: Arc::clone(name), content: key_span, exact: false, style: Style::Text };
                let key = Node { kind: NodeKind::Scalar(key), span: key_span, tag: None };
                entries.push((key, node(&field.value, span, holes)));
            }
            NodeKind::Mapping(entries)
        }
        Kind::Unknown(_) => hole(value, holes),
    };
    Node { kind, span, tag: None }
}

fn hole(value: &Value, holes: &mut Vec<Value>) -> NodeKind {
    holes.push(value.clone());
    NodeKind::Hole(holes.len() - 1)
}

impl Template {
    /// The template that a resource of another project holds as a string, as a project of its own with the path
    /// `project`. `passed` goes to its parameters, `stack` is what passes it; `source` is the text of the file that
    /// the string is written in, and `folder` the one that paths in it start from.
    ///
    /// # Errors
    /// When the string is not known, or no template.
    pub fn embedded(
        project: &str,
        folder: &Utf8Path,
        stack: (&str, Span),
        value: &Value,
        passed: Vec<(Arc<str>, Value)>,
        source: Arc<str>,
        given: &[Given],
    ) -> Result<(Self, Vec<Diagnostic>), Failure> {
        let mut place = Place::alone(Utf8Path::new(project));
        place.folder = folder.to_owned();
        place.stack = stack.0.into();
        place.calls = Arc::from([stack.1]);
        place.passed = passed.into_iter().collect();
        load(place, value, source, given)
    }

    /// The value of a hole.
    pub(super) fn hole(&self, node: &Node) -> Option<Value> {
        match node.kind {
            NodeKind::Hole(number) => self.holes.get(number).cloned(),
            _ => None,
        }
    }
}
