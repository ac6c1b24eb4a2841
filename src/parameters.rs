//! Values given to CloudFormation parameters: options and files, in the forms that AWS's own tools read.

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use crate::cloudformation::{Given, Parameters};
use crate::files::{Files, MAX_FILE_BYTES};
use crate::finding::Diagnostic;
use crate::source::{Sources, Span};
use crate::syntax::json;
use crate::syntax::node::{Node, NodeKind};

/// The values in `paths` (`--parameter-overrides`), then those in `given` (`--parameter`), by name.
pub fn collect(
    files: &dyn Files,
    sources: &Sources,
    paths: &[Utf8PathBuf],
    given: &[(String, String)],
) -> (Parameters, Vec<Diagnostic>) {
    let mut parameters = Parameters::new();
    let mut errors = Vec::new();
    for path in paths {
        read(files, sources, path, &mut parameters, &mut errors);
    }
    for (name, value) in given {
        let file = sources.virtual_file(&format!("<--parameter {name}>"), value);
        let span = Span::new(file, 0, value.len());
        parameters.push(Given { name: Arc::from(name.as_str()), value: Arc::from(value.as_str()), span });
    }
    (parameters, errors)
}

fn read(
    files: &dyn Files,
    sources: &Sources,
    path: &Utf8Path,
    parameters: &mut Parameters,
    errors: &mut Vec<Diagnostic>,
) {
    let file = sources.file(path);
    let bytes = match files.read(path, MAX_FILE_BYTES) {
        Ok(bytes) => bytes,
        Err(error) => {
            return errors.push(Diagnostic::new("file-unreadable", format!("{path} {error}"), Span::start_of(file)));
        }
    };
    match json::parse(&String::from_utf8_lossy(&bytes), file) {
        Ok(root) => entries(&root, parameters, errors),
        Err(error) => errors.push(Diagnostic::new("json-syntax", error.message, error.span)),
    }
}

/// `[{"ParameterKey", "ParameterValue"}]`, `["Key=Value"]`, `{"Parameters": {...}}` or `{"Key": "Value"}`.
fn entries(root: &Node, parameters: &mut Parameters, errors: &mut Vec<Diagnostic>) {
    let mut add = |name: &str, value: &str, span: Span| {
        parameters.push(Given { name: Arc::from(name), value: Arc::from(value), span });
    };
    match &root.kind {
        NodeKind::Sequence(elements) => {
            for element in elements {
                let pair = (element.get("ParameterKey"), element.get("ParameterValue"));
                match (pair, element.as_str().and_then(|text| text.split_once('='))) {
                    ((Some(name), Some(value)), _) => {
                        if let (Some(name), Some(scalar)) = (name.as_str(), value.as_scalar()) {
                            add(name, &scalar.text, scalar.content);
                        }
                    }
                    (_, Some((name, value))) => add(name, value, element.span),
                    _ => errors.push(Diagnostic::new("bad-parameters", "this is no parameter", element.span)),
                }
            }
        }
        NodeKind::Mapping(all) => match root.get("Parameters") {
            Some(inner) if inner.as_mapping().is_some() => entries(inner, parameters, errors),
            _ => {
                for (name, value) in all {
                    match (name.as_str(), value.as_scalar()) {
                        (Some(name), Some(scalar)) => add(name, &scalar.text, scalar.content),
                        _ => errors.push(Diagnostic::new(
                            "bad-parameters",
                            "a parameter's value must be a string",
                            value.span,
                        )),
                    }
                }
            }
        },
        _ => errors.push(Diagnostic::new("bad-parameters", "parameters are a list or an object", root.span)),
    }
}
