//! Values given to CloudFormation parameters: options and files, in the forms that AWS's own tools read.

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use crate::cloudformation::{Given, Parameters};
use crate::files::{Files, MAX_FILE_BYTES};
use crate::finding::Diagnostic;
use crate::source::{FileId, Sources, Span};
use crate::syntax::node::{Node, NodeKind, SyntaxError};
use crate::syntax::{json, yaml};

mod pairs;
mod samconfig;

pub use samconfig::beside;

/// A file with values of parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterFile {
    /// The file.
    pub path: Utf8PathBuf,
    /// Of a `samconfig.toml` the environment, if one is named.
    pub environment: Option<String>,
}

/// The values in `paths` (`--parameter-overrides`), then those in `given` (`--parameter`), by name.
pub fn collect(
    files: &dyn Files,
    sources: &Sources,
    paths: &[ParameterFile],
    given: &[(String, String)],
) -> (Parameters, Vec<Diagnostic>) {
    let mut found = Found::default();
    for file in paths {
        read(files, sources, file, &mut found);
    }
    for (name, value) in given {
        let file = sources.virtual_file(&format!("<--parameter {name}>"), value);
        found.add(name, value, Span::new(file, 0, value.len()));
    }
    (found.parameters, found.errors)
}

/// What has been read.
#[derive(Default)]
struct Found {
    parameters: Parameters,
    errors: Vec<Diagnostic>,
}

impl Found {
    fn add(&mut self, name: &str, value: &str, span: Span) {
        self.parameters.push(Given { name: Arc::from(name), value: Arc::from(value), span });
    }

    /// A file has a form that the tools do not know.
    fn bad(&mut self, message: impl Into<String>, span: Span) {
        self.errors.push(Diagnostic::new("bad-parameters", message, span));
    }
}

/// The text of a file.
fn text(files: &dyn Files, path: &Utf8Path, file: FileId, found: &mut Found) -> Option<String> {
    let mut fail = |code: &'static str, message: String| {
        found.errors.push(Diagnostic::new(code, message, Span::start_of(file)));
        None
    };
    match files.read(path, MAX_FILE_BYTES).map(String::from_utf8) {
        Ok(Ok(text)) => Some(text),
        Ok(Err(_)) => fail("not-utf8", format!("{path} is not UTF-8 text")),
        Err(error) => fail("file-unreadable", format!("{path} {error}")),
    }
}

fn read(files: &dyn Files, sources: &Sources, given: &ParameterFile, found: &mut Found) {
    let path = &given.path;
    let file = sources.file(path);
    let Some(text) = text(files, path, file, found) else { return };
    let structured = text.trim_start_matches('\u{feff}').trim_start().starts_with(['[', '{']);
    let syntax = |found: &mut Found, code: &'static str, error: SyntaxError| {
        found.errors.push(Diagnostic::new(code, error.message, error.span));
    };
    match path.extension() {
        Some("toml") => samconfig::read(&text, file, given.environment.as_deref(), found),
        Some("yaml" | "yml") if !structured => match yaml::parse(&text, file) {
            Ok(documents) => documents.iter().for_each(|root| entries(root, found)),
            Err(error) => syntax(found, "yaml-syntax", error),
        },
        Some("json") => match json::parse(&text, file) {
            Ok(root) => entries(&root, found),
            Err(error) => syntax(found, "json-syntax", error),
        },
        _ if structured => match json::parse(&text, file) {
            Ok(root) => entries(&root, found),
            Err(error) => syntax(found, "json-syntax", error),
        },
        _ => pairs::read(text.trim_start_matches('\u{feff}'), Span::new(file, 0, text.len()), found),
    }
}

/// `[{"ParameterKey", "ParameterValue"}]`, `["Key=Value"]`, `{"Parameters": {...}}` or `{"Key": "Value"}`.
fn entries(root: &Node, found: &mut Found) {
    match &root.kind {
        NodeKind::Sequence(elements) => {
            for element in elements {
                let name = element.get("ParameterKey").and_then(Node::as_str);
                let value = element.get("ParameterValue").map(Node::as_scalar);
                let previous = element.get("UsePreviousValue").and_then(Node::as_str) == Some("true");
                match (name, value, element.as_scalar()) {
                    (Some(name), Some(Some(scalar)), _) => found.add(name, &scalar.text, scalar.content),
                    (Some(name), Some(None), _) => {
                        found.bad(format!("the value of parameter `{name}` must be a string"), element.span);
                    }
                    // The stack has a value, which is not in the file.
                    (Some(_), None, _) if previous => {}
                    (_, _, Some(scalar)) => {
                        let whole = if scalar.exact { scalar.content } else { element.span };
                        pairs::read(&scalar.text, whole, found);
                    }
                    _ => found.bad("this is no parameter: it has no `ParameterKey` and `ParameterValue`", element.span),
                }
            }
        }
        NodeKind::Mapping(all) => match root.get("Parameters") {
            Some(inner) if inner.as_mapping().is_some() => entries(inner, found),
            _ => {
                for (name, value) in all {
                    match (name.as_str(), value.as_scalar()) {
                        (Some(name), Some(scalar)) => found.add(name, &scalar.text, scalar.content),
                        _ => found.bad("a parameter's value must be a string", value.span),
                    }
                }
            }
        },
        _ => found.bad("parameters are a list or an object", root.span),
    }
}

#[cfg(test)]
mod tests;
