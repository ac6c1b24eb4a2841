//! The spanned tree that YAML and JSON files both become.

use std::collections::HashSet;
use std::sync::Arc;

use crate::source::Span;

/// A node of a YAML or JSON document.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// Where it is written (for a quoted string, the quotes included).
    pub span: Span,
    /// A YAML tag such as `!Ref`.
    pub tag: Option<Box<Tag>>,
}

/// A YAML tag.
#[derive(Clone, Debug)]
pub struct Tag {
    /// As it is usually written: `!Ref`, `!!str`.
    pub name: Arc<str>,
    /// Where.
    pub span: Span,
}

/// What a node is.
#[derive(Clone, Debug)]
pub enum NodeKind {
    /// A scalar.
    Scalar(Scalar),
    /// A sequence.
    Sequence(Vec<Node>),
    /// A mapping; repeated keys are kept.
    Mapping(Vec<(Node, Node)>),
    /// JSON only: an unknown or encoded part of a [`crate::text::Text`] in value position; its number.
    Hole(usize),
}

/// A scalar with its text after unescaping.
#[derive(Clone, Debug)]
pub struct Scalar {
    /// The text.
    pub text: Arc<str>,
    /// Where the characters are written, without quotes, and whether byte for byte (no escapes, no folding).
    pub content: Span,
    /// See `content`.
    pub exact: bool,
    /// How it was written.
    pub style: Style,
}

/// How a scalar was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Without quotes: YAML decides its type from the text; in JSON a number, `true`, `false` or `null`.
    Plain,
    /// Quoted, or a block scalar: a string.
    Text,
}

/// A problem in a YAML or JSON text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// What is wrong, in plain words.
    pub message: String,
    /// Where.
    pub span: Span,
}

/// The keys of a document, each kept once: they repeat.
#[derive(Debug, Default)]
pub(super) struct Keys(HashSet<Arc<str>>);

impl Keys {
    /// Lets a key share its text with the equal ones before it.
    pub(super) fn share(&mut self, key: &mut Node) {
        let NodeKind::Scalar(scalar) = &mut key.kind else { return };
        match self.0.get(&scalar.text) {
            Some(known) => scalar.text = Arc::clone(known),
            None => {
                self.0.insert(Arc::clone(&scalar.text));
            }
        }
    }
}

impl Node {
    /// The entries of a mapping.
    pub fn as_mapping(&self) -> Option<&[(Node, Node)]> {
        match &self.kind {
            NodeKind::Mapping(entries) => Some(entries),
            _ => None,
        }
    }

    /// The elements of a sequence.
    pub fn as_sequence(&self) -> Option<&[Node]> {
        match &self.kind {
            NodeKind::Sequence(elements) => Some(elements),
            _ => None,
        }
    }

    /// The scalar.
    pub fn as_scalar(&self) -> Option<&Scalar> {
        match &self.kind {
            NodeKind::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// The text of a scalar.
    pub fn as_str(&self) -> Option<&str> {
        self.as_scalar().map(|scalar| &*scalar.text)
    }

    /// The value of a key of a mapping; the last one if it is repeated.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.as_mapping()?.iter().rev().find(|(name, _)| name.as_str() == Some(key)).map(|(_, value)| value)
    }
}
