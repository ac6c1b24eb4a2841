//! The spanned tree that YAML and JSON files both become.

use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::RandomState;

use crate::source::Span;

/// How many nodes a text may have, keys included: one of nothing but brackets and commas takes fifty times its own space.
pub(super) const MAX_NODES: usize = 16_000_000;

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

/// The texts of a document that were met lately: keys, types and numbers repeat, and are kept once.
#[derive(Debug)]
pub(super) struct Texts {
    slots: Vec<Option<Arc<str>>>,
    hasher: RandomState,
}

impl Texts {
    /// How many texts are remembered at most, and of how many bytes one. What is remembered of a long document does not grow
    /// with it.
    const SLOTS: usize = 1 << 10;
    const BYTES: usize = 16;
    /// Longer texts hardly repeat.
    const LONGEST: usize = 64;

    /// For a document of so many bytes.
    pub(super) fn of(length: usize) -> Self {
        let slots = (length / Self::BYTES).clamp(1, Self::SLOTS);
        Self { slots: vec![None; slots], hasher: RandomState::default() }
    }

    /// The text, shared with an equal one that was met before.
    pub(super) fn share(&mut self, text: &str) -> Arc<str> {
        if text.len() > Self::LONGEST {
            return text.into();
        }
        let at = self.hasher.hash_one(text) as usize % self.slots.len().max(1);
        let Some(slot) = self.slots.get_mut(at) else { return text.into() };
        match slot {
            Some(known) if **known == *text => Arc::clone(known),
            _ => Arc::clone(slot.insert(text.into())),
        }
    }
}

/// The elements in no more space than they need. A vector that has grown is copied if it is small: shrunk in place it
/// leaves a gap behind that the next one, which starts as large, does not fit into.
pub(super) fn exact<T>(mut elements: Vec<T>) -> Vec<T> {
    if elements.len() > 64 {
        elements.shrink_to_fit();
        return elements;
    }
    let mut copy = Vec::with_capacity(elements.len());
    copy.append(&mut elements);
    copy
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
