//! Telling templates from other YAML and JSON, and reading them.

use std::collections::HashMap;

use camino::Utf8Path;
use foldhash::fast::RandomState as Hasher;

use crate::finding::Diagnostic;
use crate::source::{FileId, Span, mentions};
use crate::syntax::node::{Node, NodeKind};
use crate::syntax::{json, yaml};

/// Whether a text may be a template, by a search for bytes alone: it names resources and either the format's version
/// or a resource type.
pub fn recognise(text: &str) -> bool {
    mentions(text, "Resources") && (mentions(text, "AWSTemplateFormatVersion") || mentions(text, "::"))
}

/// Whether a text that does not parse was meant to be a template, so that its syntax error is worth reporting.
pub fn looks_like_template(text: &str) -> bool {
    let section = |line: &str| {
        let line = line.trim_start_matches('\u{feff}');
        line.starts_with("Resources:") || line.trim_start().starts_with("\"Resources\"")
    };
    let named = text.contains("AWSTemplateFormatVersion") || text.contains("AWS::");
    named && (text.lines().any(section) || text.trim_start().starts_with('{') && text.contains("\"Resources\""))
}

/// Whether a parsed document is a template: it has resources, one of them with a type, or says it is one.
pub(super) fn is_template(root: &Node) -> bool {
    let typed = |(key, resource): &(Node, Node)| {
        key.as_str().is_some_and(|key| key.starts_with("Fn::ForEach::"))
            || resource.get("Type").and_then(Node::as_str).is_some_and(|kind| kind.contains("::"))
    };
    let Some(resources) = root.get("Resources") else { return false };
    root.get("AWSTemplateFormatVersion").is_some()
        || resources.as_mapping().is_some_and(|resources| resources.iter().any(typed))
}

/// The template in a file, with its syntax errors. A YAML file with an error still yields the sections and resources
/// that can be read without it.
pub(super) fn read(path: &Utf8Path, text: &str, file: FileId) -> (Option<Node>, Vec<Diagnostic>) {
    let braced = text.trim_start_matches('\u{feff}').trim_start().starts_with('{');
    let mut errors = Vec::new();
    if braced {
        match json::parse(text, file) {
            Ok(root) => return (Some(root).filter(is_template), errors),
            Err(error) => errors.push(Diagnostic::new("json-syntax", error.message, error.span)),
        }
    }
    if braced && path.extension() == Some("json") {
        errors.retain(|_| looks_like_template(text));
        return (None, errors);
    }
    match yaml::parse(text, file) {
        Ok(documents) => {
            let mut templates = documents.into_iter().filter(is_template);
            let first = templates.next();
            let message = "a further template in the same file is not analysed: CloudFormation takes one a file";
            let more = templates.map(|other| Diagnostic::new("yaml-syntax", message, other.span.slice(0, 0)));
            let more = more.collect();
            (first, more)
        }
        Err(_) if !looks_like_template(text) => (None, Vec::new()),
        Err(_) if braced => (None, errors),
        Err(error) => {
            errors.push(Diagnostic::new("yaml-syntax", error.message, error.span));
            let root = salvage(text, Span::start_of(file), 0);
            (root.filter(is_template), errors)
        }
    }
}

/// The first document of a text in JSON or YAML, if there is one.
pub(super) fn parse_any(text: &str, file: FileId) -> Result<Option<Node>, Diagnostic> {
    if text.trim_start_matches('\u{feff}').trim_start().starts_with('{')
        && let Ok(root) = json::parse(text, file)
    {
        return Ok(Some(root));
    }
    let documents = yaml::parse(text, file);
    documents
        .map(|documents| documents.into_iter().next())
        .map_err(|error| Diagnostic::new("yaml-syntax", error.message, error.span))
}

/// The entries of a block mapping that can be parsed each for itself; of those that cannot, the entries within them.
fn salvage(text: &str, base: Span, depth: usize) -> Option<Node> {
    // How far a line with tabs is indented nobody knows: that is the error.
    let told = |line: &&str| !line.trim_start_matches(' ').starts_with(['\t', '#']) && !line.trim().is_empty();
    let body = text.lines().filter(told);
    let indent = body.map(|line| line.len() - line.trim_start_matches(' ').len()).min()?;
    let begins = |line: &str| {
        let (blanks, name) = line.split_at_checked(indent).unwrap_or(("", ""));
        let starts = name.starts_with(|char: char| char.is_alphanumeric() || matches!(char, '"' | '\'' | '_'));
        starts && blanks.trim_matches(' ').is_empty()
    };
    let mut entries = Vec::new();
    let mut chunk = 0..0;
    let mut add = |chunk: std::ops::Range<usize>| {
        let Some(part) = text.get(chunk.clone()) else { return };
        let at = |offset: usize| Span::new(base.file, base.start as usize + offset, base.start as usize + text.len());
        if let Ok(documents) = yaml::parse_at(part, at(chunk.start)) {
            for document in documents {
                if let NodeKind::Mapping(more) = document.kind {
                    entries.extend(more);
                }
            }
            return;
        }
        // `Resources:` with an error somewhere below it.
        let Some((head, rest)) = part.split_once('\n').filter(|_| depth == 0) else { return };
        let Ok(heading) = yaml::parse_at(head, at(chunk.start)) else { return };
        let heading = heading.into_iter().next().and_then(|node| match node.kind {
            NodeKind::Mapping(entries) => entries.into_iter().next(),
            _ => None,
        });
        if let (Some((key, _)), Some(value)) = (heading, salvage(rest, at(chunk.start + head.len() + 1), depth + 1)) {
            entries.push((key, value));
        }
    };
    for line in text.split_inclusive('\n') {
        if begins(line) && !chunk.is_empty() {
            add(chunk.clone());
            chunk.start = chunk.end;
        }
        chunk.end += line.len();
    }
    add(chunk);
    let span = entries.iter().map(|(key, value): &(Node, Node)| key.span.to(value.span)).reduce(Span::to)?;
    Some(Node { kind: NodeKind::Mapping(entries), span, tag: None })
}

/// Every key that is written twice in one mapping, at its later writing.
pub(super) fn repeated_keys(root: &Node) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut open = vec![root];
    while let Some(node) = open.pop() {
        match &node.kind {
            NodeKind::Sequence(elements) => open.extend(elements),
            NodeKind::Mapping(entries) => {
                let mut seen = HashMap::<&str, Span, _>::with_capacity_and_hasher(entries.len(), Hasher::default());
                for (key, value) in entries {
                    open.push(value);
                    let Some(name) = key.as_str() else { continue };
                    // The copies that an alias made are not written again.
                    if seen.insert(name, key.span).is_some_and(|first| first != key.span) {
                        let message = format!("the key `{name}` is repeated; the last one counts");
                        found.push(Diagnostic::new("cfn-repeated-key", message, key.span));
                    }
                }
            }
            _ => {}
        }
    }
    found.sort_by_key(|error| error.span.start);
    found.dedup();
    found
}
