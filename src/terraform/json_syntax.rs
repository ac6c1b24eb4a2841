//! `.tf.json`: JSON read as the blocks and attributes of the native syntax.
//! <https://developer.hashicorp.com/terraform/language/syntax/json>

use std::borrow::Cow;
use std::sync::Arc;

use crate::number::Number;
use crate::source::{FileId, Span};
use crate::syntax::hcl::{self, Attribute, Block, Body, Expr, ExprKind, Item, Name, Place};
use crate::syntax::json;
use crate::syntax::node::{Node, NodeKind, Scalar, Style, SyntaxError};
use crate::text::Text;

/// How many labels each top-level block type has.
const LABELS: [(&str, usize); 14] = [
    ("resource", 2),
    ("data", 2),
    ("ephemeral", 2),
    ("variable", 1),
    ("output", 1),
    ("module", 1),
    ("provider", 1),
    ("check", 1),
    ("locals", 0),
    ("terraform", 0),
    ("moved", 0),
    ("import", 0),
    ("removed", 0),
    ("action", 2),
];

/// Block types inside other blocks, with their number of labels: everywhere a property of that name is a block, not an
/// attribute.
const INNER: [(&str, usize); 7] = [
    ("lifecycle", 0),
    ("provisioner", 1),
    ("connection", 0),
    ("dynamic", 1),
    ("validation", 0),
    ("precondition", 0),
    ("postcondition", 0),
];

/// Properties whose strings are expressions, not templates.
const EXPRESSIONS: [&str; 5] = ["provider", "depends_on", "replace_triggered_by", "providers", "ignore_changes"];

/// Reads a file whose text starts at byte `base`. What could be understood is returned beside the errors.
pub fn parse(text: &str, file: FileId, base: usize) -> (Body, Vec<SyntaxError>) {
    let root = match json::parse_at(text, Span::new(file, base, base)) {
        Ok(root) => root,
        Err(error) => return (Body::default(), vec![error]),
    };
    let mut reader = Reader { errors: Vec::new() };
    let mut body = Body::default();
    for root in reader.objects(&root) {
        for (key, value) in root {
            let Some(name) = name_of(key) else { continue };
            match LABELS.iter().find(|(kind, _)| **kind == *name.text) {
                Some((_, labels)) => reader.blocks(&name, Vec::new(), *labels, value, &mut body),
                None if &*name.text == "//" => {}
                None => reader.error(format!("`{}` is no block type that rootlint knows", name.text), key.span),
            }
        }
    }
    (body, reader.errors)
}

/// Reads a `.tfvars.json` file: each property is a variable's value.
pub fn parse_values(text: &str, file: FileId, base: usize) -> (Body, Vec<SyntaxError>) {
    let root = match json::parse_at(text, Span::new(file, base, base)) {
        Ok(root) => root,
        Err(error) => return (Body::default(), vec![error]),
    };
    let mut reader = Reader { errors: Vec::new() };
    let mut body = Body::default();
    for entries in reader.objects(&root) {
        for (key, value) in entries {
            let Some(name) = name_of(key).filter(|name| &*name.text != "//") else { continue };
            let value = reader.expression(value, Strings::Literals);
            body.attributes.push(Attribute { name, value });
        }
    }
    (body, reader.errors)
}

fn name_of(key: &Node) -> Option<Name> {
    key.as_scalar().map(|scalar| Name { text: Arc::clone(&scalar.text), span: scalar.content })
}

struct Reader {
    errors: Vec<SyntaxError>,
}

impl Reader {
    fn error(&mut self, message: impl Into<String>, span: Span) {
        self.errors.push(SyntaxError { message: message.into(), span });
    }

    /// An object, or a list of objects: each is one body.
    fn objects<'n>(&mut self, node: &'n Node) -> Vec<&'n [(Node, Node)]> {
        match &node.kind {
            NodeKind::Mapping(entries) => vec![entries.as_slice()],
            NodeKind::Sequence(elements) => {
                let mut bodies = Vec::new();
                for element in elements {
                    match element.as_mapping() {
                        Some(entries) => bodies.push(entries),
                        None => self.error("an object is expected here", element.span),
                    }
                }
                bodies
            }
            NodeKind::Scalar(scalar) if scalar.style == Style::Plain && &*scalar.text == "null" => Vec::new(),
            _ => {
                self.error("an object is expected here", node.span);
                Vec::new()
            }
        }
    }

    /// The blocks of a type: one level of objects for each label that is still missing.
    fn blocks(&mut self, kind: &Name, labels: Vec<Name>, missing: usize, node: &Node, out: &mut Body) {
        for entries in self.objects(node) {
            if missing == 0 {
                let body = self.body(kind, entries);
                let header = labels.last().map_or(kind.span, |label| label.span);
                let span = header.to(node.span);
                out.blocks.push(Block { kind: kind.clone(), labels: labels.clone(), header, span, body });
                continue;
            }
            for (key, value) in entries {
                let Some(label) = name_of(key).filter(|label| &*label.text != "//") else { continue };
                let labels = labels.iter().cloned().chain([label]).collect();
                self.blocks(kind, labels, missing - 1, value, out);
            }
        }
    }

    fn body(&mut self, kind: &Name, entries: &[(Node, Node)]) -> Body {
        let mut body = Body::default();
        for (key, value) in entries {
            let Some(name) = name_of(key).filter(|name| &*name.text != "//") else { continue };
            let inner = INNER.iter().find(|(inner, _)| **inner == *name.text);
            match inner {
                _ if &*kind.text == "terraform" && matches!(&*name.text, "backend" | "cloud") => {
                    let labels = usize::from(&*name.text == "backend");
                    self.blocks(&name, Vec::new(), labels, value, &mut body);
                }
                Some((_, labels)) if &*kind.text != "locals" => {
                    self.blocks(&name, Vec::new(), *labels, value, &mut body)
                }
                _ if &*kind.text == "dynamic" && &*name.text == "content" => {
                    self.blocks(&name, Vec::new(), 0, value, &mut body);
                }
                _ => {
                    let mode = match (&*kind.text, &*name.text) {
                        ("variable", "type") => Strings::Expressions,
                        ("variable", "default") => Strings::Literals,
                        (_, name) if EXPRESSIONS.contains(&name) => Strings::Expressions,
                        _ => Strings::Templates,
                    };
                    let value = self.expression(value, mode);
                    if body.attribute(&name.text).is_some() {
                        self.error(format!("`{}` is already set in this object", name.text), key.span);
                    } else {
                        body.attributes.push(Attribute { name, value });
                    }
                }
            }
        }
        body
    }

    fn expression(&mut self, node: &Node, strings: Strings) -> Expr {
        let kind = match &node.kind {
            NodeKind::Mapping(entries) => ExprKind::Object(
                entries
                    .iter()
                    .map(|(key, value)| {
                        let names = if strings == Strings::Expressions { Strings::Literals } else { strings };
                        Item { key: self.expression(key, names), value: self.expression(value, strings) }
                    })
                    .collect(),
            ),
            NodeKind::Sequence(elements) => {
                ExprKind::Tuple(elements.iter().map(|element| self.expression(element, strings)).collect())
            }
            NodeKind::Scalar(scalar) => return self.scalar(scalar, node.span, strings),
            NodeKind::Hole(_) => ExprKind::Null,
        };
        Expr { kind, span: node.span }
    }

    fn scalar(&mut self, scalar: &Scalar, span: Span, strings: Strings) -> Expr {
        let literal = || ExprKind::Literal(Text::literal(Arc::clone(&scalar.text), Some(scalar.content), scalar.exact));
        if scalar.style == Style::Plain {
            let kind = match &*scalar.text {
                "true" => ExprKind::Bool(true),
                "false" => ExprKind::Bool(false),
                "null" => ExprKind::Null,
                number => match Number::parse(number) {
                    Some(number) => ExprKind::Number(number),
                    None => {
                        self.error("this number is out of range", span);
                        ExprKind::Null
                    }
                },
            };
            return Expr { kind, span };
        }
        let place = if scalar.exact {
            Place::At(scalar.content.file, scalar.content.start as usize)
        } else {
            Place::Within(scalar.content)
        };
        let parsed = match strings {
            Strings::Literals => return Expr { kind: literal(), span },
            Strings::Templates => hcl::parse_template(&scalar.text, place),
            Strings::Expressions => hcl::parse_expression(&scalar.text, place),
        };
        match parsed {
            Ok(expr) => Expr { kind: expr.kind, span },
            Err(error) => {
                self.errors.push(error);
                Expr { kind: literal(), span }
            }
        }
    }
}

/// What the strings of a property are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Strings {
    Templates,
    Expressions,
    Literals,
}

/// The bodies that an attribute's value stands for where the schema says that it is a nested block: an object, or a
/// list of objects, as JSON syntax writes blocks.
pub fn bodies(expr: &Expr) -> Option<Vec<Body>> {
    let body = |items: &[Item]| -> Option<Body> {
        let mut body = Body::default();
        for item in items {
            let name = key_of(item)?;
            // A comment, though in an object that is a value it is a key like others.
            if &*name.text == "//" {
                continue;
            }
            if &*name.text != "dynamic" {
                body.attributes.push(Attribute { name, value: item.value.clone() });
                continue;
            }
            for labels in objects(&item.value)? {
                for labelled in labels {
                    let label = key_of(labelled)?;
                    for generator in bodies(&labelled.value)? {
                        body.blocks.push(dynamic(&name, &label, generator)?);
                    }
                }
            }
        }
        Some(body)
    };
    objects(expr)?.into_iter().map(body).collect()
}

fn key_of(item: &Item) -> Option<Name> {
    let key = item.key.literal()?;
    Some(Name { text: Arc::from(&*key.as_str()?), span: item.key.span })
}

/// An object, or a list of objects.
fn objects(expr: &Expr) -> Option<Vec<&[Item]>> {
    match &expr.bare().kind {
        ExprKind::Object(items) => Some(vec![items]),
        ExprKind::Tuple(elements) => elements
            .iter()
            .map(|element| match &element.bare().kind {
                ExprKind::Object(items) => Some(items.as_slice()),
                _ => None,
            })
            .collect(),
        _ => None,
    }
}

/// A `dynamic` block whose arguments stand in `body`: its `content` is a block again.
fn dynamic(kind: &Name, label: &Name, mut body: Body) -> Option<Block> {
    let (content, rest) =
        body.attributes.into_iter().partition::<Vec<_>, _>(|attribute| &*attribute.name.text == "content");
    body.attributes = rest;
    for attribute in content {
        for inner in bodies(&attribute.value)? {
            let (header, span) = (attribute.name.span, attribute.value.span);
            body.blocks.push(Block { kind: attribute.name.clone(), labels: Vec::new(), header, span, body: inner });
        }
    }
    let (header, labels) = (label.span, vec![label.clone()]);
    Some(Block { kind: kind.clone(), labels, header, span: header, body })
}

/// The blocks of a type in a body, whichever way they are written.
pub fn inner<'b>(body: &'b Body, kind: &'b str) -> Vec<Cow<'b, Body>> {
    let written = body.attribute(kind).and_then(|attribute| bodies(&attribute.value)).unwrap_or_default();
    let blocks = body.blocks_of(kind).map(|block| Cow::Borrowed(&block.body));
    blocks.chain(written.into_iter().map(Cow::Owned)).collect()
}
