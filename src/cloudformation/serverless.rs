//! `serverless.yml` of the Serverless Framework: the CloudFormation in its `resources`.
//!
//! The framework fills in its own variables (`${self:custom.name}`) before it hands the resources on. One that can be
//! followed in the file, to a value that is written there or to the default of an option, is; any other is unknown.
//! `${AWS::Region}` and `${Name}` are CloudFormation's. <https://www.serverless.com/framework/docs/guides/variables>

use std::collections::HashMap;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use crate::cloudformation::functions::text_of;
use crate::cloudformation::nested::Place;
use crate::cloudformation::{Parameters, Template, syntax};
use crate::document::{self, Scalars};
use crate::files::{Files, MAX_FILE_BYTES, normalize};
use crate::finding::Diagnostic;
use crate::source::{Sources, Span};
use crate::syntax::node::{Node, NodeKind, Scalar, Style};
use crate::syntax::yaml;
use crate::text::Text;
use crate::types::Type;
use crate::value::{Kind, Reason, Unknown, Value, Via};

/// How many variables may lead to the next one.
const MAX_DEPTH: usize = 32;

/// How many nodes the variables of one file may lead to.
const MAX_NODES: usize = 200_000;

/// The sections that are merged where `resources` is a list.
const SECTIONS: [&str; 5] = ["Parameters", "Mappings", "Conditions", "Resources", "Outputs"];

/// Whether a file may be a configuration of the framework with resources, by a search for bytes alone.
pub fn recognise(path: &Utf8Path, text: &str) -> bool {
    let named = path.file_name().is_some_and(|name| name.starts_with("serverless"));
    let top = |name: &str| text.lines().any(|line| line.starts_with(name));
    named && top("resources:") && (top("service:") || top("provider:"))
}

/// What a configuration of the framework gave.
pub struct Loaded {
    /// The template that the framework hands on, if there are resources in it.
    pub template: Option<Template>,
    /// What keeps it, or parts of it, from being read.
    pub errors: Vec<Diagnostic>,
    /// The files that it takes parts from.
    pub files: Vec<Utf8PathBuf>,
}

/// Reads a configuration of the framework.
pub fn load(files: &dyn Files, sources: &Sources, path: &Utf8Path, text: &str, given: &Parameters) -> Loaded {
    let root = match yaml::parse(text, sources.file(path)) {
        Ok(documents) => documents.into_iter().next(),
        Err(error) => {
            let errors = vec![Diagnostic::new("yaml-syntax", error.message, error.span)];
            return Loaded { template: None, errors, files: Vec::new() };
        }
    };
    let Some((root, resources)) = root.and_then(|root| Some((root.clone(), root.get("resources")?.clone()))) else {
        return Loaded { template: None, errors: Vec::new(), files: Vec::new() };
    };
    let folder = path.parent().unwrap_or(Utf8Path::new("")).to_owned();
    let mut reader = Reader {
        files,
        sources,
        folder,
        source: text,
        root,
        holes: Vec::new(),
        errors: Vec::new(),
        left: MAX_NODES,
        read: HashMap::new(),
    };
    let resolved = reader.resolve(&resources, 0);
    let template = merge(&resolved);
    let Reader { holes, errors, read, .. } = reader;
    let load = |root: Node| Template::new(Place::alone(path), text.into(), root, given, holes);
    let template = Some(template).filter(syntax::is_template).map(load);
    let files = read.into_iter().filter(|(_, node)| node.is_some()).map(|(path, _)| path).collect();
    Loaded { template, errors, files }
}

/// One template of a mapping, or of a list of them.
fn merge(resources: &Node) -> Node {
    let Some(parts) = resources.as_sequence() else { return resources.clone() };
    let mut sections: Vec<(Node, Vec<(Node, Node)>)> = Vec::new();
    for part in parts {
        for (key, section) in part.as_mapping().unwrap_or_default() {
            let known = key.as_str().filter(|name| SECTIONS.contains(name));
            let entries = section.as_mapping().unwrap_or_default();
            match sections.iter_mut().find(|(other, _)| known.is_some() && other.as_str() == known) {
                Some((_, all)) => all.extend(entries.iter().cloned()),
                None if known.is_some() => sections.push((key.clone(), entries.to_vec())),
                None => {}
            }
        }
    }
    let section = |(key, entries): (Node, Vec<(Node, Node)>)| {
        let node = Node { kind: NodeKind::Mapping(entries), span: key.span, tag: None };
        (key, node)
    };
    let kind = NodeKind::Mapping(sections.into_iter().map(section).collect());
    Node { kind, span: resources.span, tag: None }
}

struct Reader<'r> {
    files: &'r dyn Files,
    sources: &'r Sources,
    folder: Utf8PathBuf,
    source: &'r str,
    root: Node,
    holes: Vec<Value>,
    errors: Vec<Diagnostic>,
    left: usize,
    read: HashMap<Utf8PathBuf, Option<Node>>,
}

/// What a variable is.
enum Found {
    Node(Node),
    No,
}

impl Reader<'_> {
    /// A node with its variables filled in.
    fn resolve(&mut self, node: &Node, depth: usize) -> Node {
        // What variables lead to may lead to more of itself.
        if depth > 0 {
            self.left = self.left.saturating_sub(1);
        }
        if self.left == 0 {
            return node.clone();
        }
        let kind = match &node.kind {
            NodeKind::Scalar(scalar) => return self.scalar(node, scalar, depth),
            NodeKind::Sequence(elements) => {
                NodeKind::Sequence(elements.iter().map(|element| self.resolve(element, depth)).collect())
            }
            NodeKind::Mapping(entries) => NodeKind::Mapping(
                entries.iter().map(|(key, value)| (key.clone(), self.resolve(value, depth))).collect(),
            ),
            NodeKind::Hole(_) => return node.clone(),
        };
        Node { kind, span: node.span, tag: node.tag.clone() }
    }

    fn scalar(&mut self, node: &Node, scalar: &Scalar, depth: usize) -> Node {
        let parts = parts(&scalar.text);
        if parts.iter().all(|part| matches!(part, Part::Text(_))) {
            return node.clone();
        }
        if let [Part::Variable(variable)] = &*parts {
            return match self.variable(variable, node.span, depth) {
                // A scalar is used here and written there.
                Found::Node(found @ Node { kind: NodeKind::Scalar(_), tag: None, .. }) => {
                    let value = document::from_node(&found, self.source, Scalars::CloudFormation).at(found.span);
                    self.hole(node, value.via(Via::Element, Some(node.span)))
                }
                Found::Node(found) => match (&found.kind, &node.tag) {
                    (NodeKind::Hole(number), None) => match self.holes.get(*number).cloned() {
                        Some(value) => self.hole(node, value.via(Via::Element, Some(node.span))),
                        None => found,
                    },
                    _ => found,
                },
                Found::No => {
                    let unknown = unknown(variable, node.span);
                    self.hole(node, Value::new(Kind::Unknown(unknown)).at(node.span))
                }
            };
        }
        let mut texts: Vec<Text> = Vec::new();
        let mut whole = true;
        for part in parts {
            match part {
                Part::Text(text) => texts.push(Text::literal(text, Some(scalar.content), false)),
                Part::Variable(variable) => match self.variable(variable, node.span, depth) {
                    Found::Node(Node { kind: NodeKind::Scalar(found), tag: None, .. }) => {
                        texts.push(Text::literal(Arc::clone(&found.text), Some(scalar.content), false));
                    }
                    Found::Node(found) => match self.filled(&found) {
                        Some(text) => {
                            whole = whole && text.as_str().is_some();
                            texts.push(text);
                        }
                        None => {
                            whole = false;
                            texts.push(Text::unknown(unknown(variable, node.span)));
                        }
                    },
                    Found::No => {
                        whole = false;
                        texts.push(Text::unknown(unknown(variable, node.span)));
                    }
                },
            }
        }
        let text = Text::concat(&texts);
        match text.as_str().filter(|_| whole) {
            Some(known) => {
                let scalar = Scalar { text: known.into(), exact: false, style: Style::Text, ..scalar.clone() };
                Node { kind: NodeKind::Scalar(scalar), span: node.span, tag: node.tag.clone() }
            }
            None => self.hole(node, Value::new(Kind::Text(text)).at(node.span)),
        }
    }

    /// What was filled in for a variable, as a string.
    fn filled(&self, node: &Node) -> Option<Text> {
        match node.kind {
            NodeKind::Hole(number) => text_of(self.holes.get(number)?),
            _ => None,
        }
    }

    /// A node that has a value which no text says.
    fn hole(&mut self, node: &Node, value: Value) -> Node {
        self.holes.push(value);
        Node { kind: NodeKind::Hole(self.holes.len() - 1), span: node.span, tag: node.tag.clone() }
    }

    /// What a variable leads to: the first of its alternatives that is there.
    fn variable(&mut self, variable: &str, span: Span, depth: usize) -> Found {
        if depth >= MAX_DEPTH || self.left == 0 {
            return Found::No;
        }
        for alternative in alternatives(variable) {
            if let Some(literal) = quoted(alternative) {
                return Found::Node(text(literal, span));
            }
            if let Some(path) = alternative.strip_prefix("self:") {
                let found = path.split('.').try_fold(&self.root, |node, name| child(node, name)).cloned();
                match found {
                    Some(found) => return Found::Node(self.resolve(&found, depth + 1)),
                    None => continue,
                }
            }
            if let Some(file) = alternative.strip_prefix("file(") {
                return self.file(file, depth);
            }
            // An option that is given on the command line would go before its default, as a parameter does.
            if alternative.starts_with("opt:") {
                continue;
            }
            if alternative == "sls:stage" {
                let stage = child(&self.root, "provider").and_then(|provider| child(provider, "stage")).cloned();
                return Found::Node(match stage {
                    Some(stage) => self.resolve(&stage, depth + 1),
                    None => text("dev", span),
                });
            }
            let plain = matches!(alternative, "true" | "false") || alternative.parse::<u64>().is_ok();
            return if plain { Found::Node(text(alternative, span)) } else { Found::No };
        }
        Found::No
    }

    /// `file(path)`, or a part of it: `file(path):a.b`.
    fn file(&mut self, rest: &str, depth: usize) -> Found {
        let Some((path, inside)) = rest.split_once(')') else { return Found::No };
        let yaml = [".yml", ".yaml", ".json"].iter().any(|end| path.ends_with(end));
        let Some(path) = normalize(&self.folder.join(path.trim())).filter(|_| yaml) else { return Found::No };
        if !self.read.contains_key(&path) {
            let node = self.parsed(&path);
            self.read.insert(path.clone(), node);
        }
        let Some(node) = self.read.get(&path).cloned().flatten() else { return Found::No };
        let mut names = inside.strip_prefix(':').into_iter().flat_map(|names| names.split('.'));
        match names.try_fold(&node, |node, name| child(node, name)) {
            Some(found) => {
                let found = found.clone();
                Found::Node(self.resolve(&found, depth + 1))
            }
            None => Found::No,
        }
    }

    fn parsed(&mut self, path: &Utf8Path) -> Option<Node> {
        let text = String::from_utf8(self.files.read(path, MAX_FILE_BYTES).ok()?).ok()?;
        let file = self.sources.file(path);
        match yaml::parse(&text, file) {
            Ok(documents) => documents.into_iter().next().map(|mut node| {
                inexact(&mut node);
                node
            }),
            Err(error) => {
                self.errors.push(Diagnostic::new("yaml-syntax", error.message, error.span));
                None
            }
        }
    }
}

/// A string that stands in a variable at `span`.
fn text(text: &str, span: Span) -> Node {
    let scalar = Scalar { text: text.into(), content: span, exact: false, style: Style::Text };
    Node { kind: NodeKind::Scalar(scalar), span, tag: None }
}

/// Says of all scalars that the text of the configuration itself does not hold them.
fn inexact(node: &mut Node) {
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        match &mut node.kind {
            NodeKind::Scalar(scalar) => scalar.exact = false,
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

fn child<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    node.get(name).or_else(|| node.as_sequence()?.get(name.parse::<usize>().ok()?))
}

fn quoted(text: &str) -> Option<&str> {
    let quote = text.chars().next().filter(|first| matches!(first, '\'' | '"'))?;
    text.strip_prefix(quote)?.strip_suffix(quote)
}

fn unknown(variable: &str, span: Span) -> Arc<Unknown> {
    let missing = format!("${{{variable}}}");
    let reason = Reason::new(missing, "is filled in by the Serverless Framework", Some(span));
    Arc::new(Unknown { ty: Type::Text, not_null: false, symbol: None, among: None, reason })
}

/// A part of a string.
enum Part<'t> {
    Text(&'t str),
    /// What stands between `${` and `}`.
    Variable(&'t str),
}

/// The variables of the framework in a string: they name a source, with a colon or a bracket. CloudFormation's own stay
/// text.
fn parts(text: &str) -> Vec<Part<'_>> {
    let mut found = Vec::new();
    let mut literal = 0;
    let mut at = 0;
    while let Some(start) = text.get(at..).and_then(|rest| rest.find("${")).map(|offset| at + offset) {
        let Some(end) = closing(text, start + 2) else { break };
        let inside = text.get(start + 2..end).unwrap_or_default();
        at = end + 1;
        let source = inside.split([':', '(']).next().unwrap_or_default();
        let named = source.len() < inside.len()
            && source.chars().all(|char| char.is_ascii_alphanumeric() || char == '-' || char == '_')
            && !inside.starts_with("AWS::")
            && !inside.get(source.len()..).is_some_and(|rest| rest.starts_with("::"));
        if named {
            found.extend(text.get(literal..start).filter(|text| !text.is_empty()).map(Part::Text));
            found.push(Part::Variable(inside));
            literal = at;
        }
    }
    found.extend(text.get(literal..).filter(|text| !text.is_empty()).map(Part::Text));
    found
}

/// The brace that closes one before `start`.
fn closing(text: &str, start: usize) -> Option<usize> {
    let mut depth = 1;
    for (offset, char) in text.get(start..)?.char_indices() {
        match char {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(start + offset);
        }
    }
    None
}

/// What a variable may be, the first one first: parts between commas that are in no bracket or quotes.
fn alternatives(variable: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let (mut from, mut depth, mut quote) = (0, 0_usize, None);
    for (at, char) in variable.char_indices() {
        match (char, quote) {
            (_, Some(open)) if char == open => quote = None,
            ('\'' | '"', None) => quote = Some(char),
            ('{' | '(', None) => depth += 1,
            ('}' | ')', None) => depth = depth.saturating_sub(1),
            (',', None) if depth == 0 => {
                found.extend(variable.get(from..at).map(str::trim));
                from = at + 1;
            }
            _ => {}
        }
    }
    found.extend(variable.get(from..).map(str::trim));
    found
}
