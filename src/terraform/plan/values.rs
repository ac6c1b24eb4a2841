//! Values of a plan: what is known, with what is only known after apply and what is sensitive laid over it.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::Arc;

use crate::document::{self, Scalars};
use crate::source::Span;
use crate::syntax::node::{Node, NodeKind, Style};
use crate::terraform::attributes::AFTER_APPLY;
use crate::types::Type;
use crate::value::{Fields, Kind, Marks, Reason, Symbol, Unknown, Value};

/// A value of a plan and the two trees that lie over it.
#[derive(Clone, Copy, Default)]
pub(super) struct Layers<'n> {
    /// What is known. What is not is missing in objects and null in lists.
    pub(super) known: Option<&'n Node>,
    /// `true` where something is only known after apply.
    pub(super) unknown: Option<&'n Node>,
    /// `true` where something is sensitive.
    pub(super) sensitive: Option<&'n Node>,
}

/// Makes values of one attribute.
pub(super) struct Reader<'r> {
    /// The text of the plan.
    pub(super) text: &'r str,
    /// What an unknown attribute is called.
    pub(super) name: &'r Symbol,
    /// Where the attribute is written if it is not.
    pub(super) span: Span,
}

/// Whether a node is `true`.
pub(super) fn is_true(node: Option<&Node>) -> bool {
    node.and_then(Node::as_scalar).is_some_and(|scalar| scalar.style == Style::Plain && &*scalar.text == "true")
}

/// Whether `true` occurs in a tree.
pub(super) fn any_true(node: &Node) -> bool {
    match &node.kind {
        NodeKind::Mapping(entries) => entries.iter().any(|(_, value)| any_true(value)),
        NodeKind::Sequence(elements) => elements.iter().any(any_true),
        _ => is_true(Some(node)),
    }
}

/// The members of an object by name.
pub(super) fn by_name(node: Option<&Node>) -> HashMap<&str, &Node> {
    let entries = node.and_then(Node::as_mapping).unwrap_or_default();
    entries.iter().filter_map(|(key, value)| Some((key.as_str()?, value))).collect()
}

impl Reader<'_> {
    /// The value; `path` leads to it from the attribute (`[0].id`), and `ty` is its type as far as known.
    pub(super) fn value(&self, layers: Layers<'_>, path: &mut String, ty: &Type) -> Value {
        let marks = if is_true(layers.sensitive) { Marks::SENSITIVE } else { Marks::NONE };
        self.kind(layers, path, ty).mark(&marks)
    }

    fn kind(&self, layers: Layers<'_>, path: &mut String, ty: &Type) -> Value {
        if is_true(layers.unknown) {
            let span = layers.unknown.map_or(self.span, |node| node.span);
            return self.unknown(path, ty).at(span);
        }
        let Some(node) = layers.known else {
            return match layers.unknown.filter(|unknown| any_true(unknown)) {
                Some(unknown) => self.collection(unknown, layers, path),
                None => Value::new(Kind::Null(ty.clone())).at(self.span),
            };
        };
        match &node.kind {
            NodeKind::Mapping(_) | NodeKind::Sequence(_) => self.collection(node, layers, path),
            _ => document::from_node(node, self.text, Scalars::Terraform),
        }
    }

    /// An object or list; `shape` says which.
    fn collection(&self, shape: &Node, layers: Layers<'_>, path: &mut String) -> Value {
        let length = path.len();
        let mut inner = |layers: Layers<'_>, step: &dyn Fn(&mut String)| {
            step(path);
            let value = self.value(layers, path, &Type::Dynamic);
            path.truncate(length);
            value
        };
        if let Some(elements) = shape.as_sequence() {
            let values = (0..elements.len()).map(|index| {
                let parts = [layers.known, layers.unknown, layers.sensitive];
                let [known, unknown, sensitive] = parts.map(|node| part(node, index));
                inner(Layers { known, unknown, sensitive }, &|path| {
                    let _ = write!(path, "[{index}]");
                })
            });
            return Value::tuple(values.collect()).at(shape.span);
        }
        let (unknown, sensitive) = (by_name(layers.unknown), by_name(layers.sensitive));
        let mut fields = Fields::default();
        let mut add = |name: &str, key: Span, known: Option<&Node>| {
            let layers = Layers { known, unknown: unknown.get(name).copied(), sensitive: sensitive.get(name).copied() };
            let value = inner(layers, &|path| step(path, name));
            fields.insert(Arc::from(name), Some(key), value);
        };
        let known = by_name(layers.known);
        for (key, value) in layers.known.and_then(Node::as_mapping).unwrap_or_default() {
            if let Some(name) = key.as_str() {
                add(name, key.span, Some(value));
            }
        }
        for (key, value) in layers.unknown.and_then(Node::as_mapping).unwrap_or_default() {
            if let Some(name) = key.as_str().filter(|name| !known.contains_key(name) && any_true(value)) {
                add(name, key.span, None);
            }
        }
        Value::object(fields).at(shape.span)
    }

    fn unknown(&self, path: &str, ty: &Type) -> Value {
        let symbol = self.name.part(path);
        let reason = Reason::new(symbol.to_string(), AFTER_APPLY, Some(self.span));
        Value::new(Kind::Unknown(Arc::new(Unknown {
            ty: ty.clone(),
            not_null: true,
            symbol: Some(symbol),
            among: None,
            reason,
        })))
    }
}

fn part(node: Option<&Node>, index: usize) -> Option<&Node> {
    node.and_then(Node::as_sequence).and_then(|elements| elements.get(index))
}

/// Goes into an attribute or element, as symbols are written.
pub(super) fn step(path: &mut String, name: &str) {
    let plain = name.starts_with(|first: char| first.is_alphabetic() || first == '_')
        && name.chars().all(|char| char.is_alphanumeric() || matches!(char, '_' | '-'));
    // Writing to a string does not fail.
    let _ = if plain { write!(path, ".{name}") } else { write!(path, "[\"{}\"]", name.escape_default()) };
}
