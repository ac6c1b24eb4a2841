//! A syntax tree of a script, parsed by tree-sitter and turned at once into a compact one of our own.

use std::ops::{ControlFlow, Range};

use tree_sitter::{ParseOptions, Parser};

/// The largest script that is parsed, in bytes.
pub(super) const MAX_BYTES: usize = 1 << 20;

/// How often the parser may report progress for each byte, beyond [`SPARE_REPORTS`]: recovering from errors may take
/// much longer than parsing. It reports every hundred steps.
const REPORTS_PER_BYTE: usize = 1;

/// How often it may report progress in any script.
const SPARE_REPORTS: usize = 4_000;

/// A node: its place in the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct NodeId(usize);

#[derive(Debug)]
struct Node {
    kind: &'static str,
    field: Option<&'static str>,
    range: Range<usize>,
    first_child: Option<usize>,
    next_sibling: Option<usize>,
}

/// A parsed script. It always has a root.
#[derive(Debug)]
pub(super) struct Tree {
    nodes: Vec<Node>,
}

impl Tree {
    /// Parses a text. A text with errors gives a tree all the same; only one that takes too long gives none.
    pub(super) fn parse(text: &str, grammar: &tree_sitter::Language) -> Option<Self> {
        let mut parser = Parser::new();
        parser.set_language(grammar).ok()?;
        let mut left = SPARE_REPORTS + text.len() * REPORTS_PER_BYTE;
        let mut progress = |_: &tree_sitter::ParseState| {
            left = left.saturating_sub(1);
            if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let mut rest = |at: usize, _| text.as_bytes().get(at..).unwrap_or_default();
        let options = ParseOptions::new().progress_callback(&mut progress);
        let tree = parser.parse_with_options(&mut rest, None, Some(options))?;
        Some(Self::copy(&tree))
    }

    /// Without recursion: the nesting is that of the text.
    fn copy(tree: &tree_sitter::Tree) -> Self {
        let mut nodes: Vec<Node> = Vec::new();
        let mut cursor = tree.walk();
        // The nodes above, each with its last child so far.
        let mut open: Vec<(usize, Option<usize>)> = Vec::new();
        loop {
            let node = cursor.node();
            let index = nodes.len();
            nodes.push(Node {
                kind: node.kind(),
                field: cursor.field_name(),
                range: node.byte_range(),
                first_child: None,
                next_sibling: None,
            });
            if let Some((parent, last)) = open.last_mut() {
                let before = match last {
                    Some(last) => nodes.get_mut(*last).map(|node| &mut node.next_sibling),
                    None => nodes.get_mut(*parent).map(|node| &mut node.first_child),
                };
                if let Some(link) = before {
                    *link = Some(index);
                }
                *last = Some(index);
            }
            if cursor.goto_first_child() {
                open.push((index, None));
                continue;
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    return Self { nodes };
                }
                open.pop();
            }
        }
    }

    pub(super) fn root(&self) -> NodeId {
        NodeId(0)
    }

    /// The grammar's name of a node.
    pub(super) fn kind(&self, node: NodeId) -> &'static str {
        self.nodes.get(node.0).map_or("", |node| node.kind)
    }

    /// What the node is to its parent.
    pub(super) fn field(&self, node: NodeId) -> Option<&'static str> {
        self.nodes.get(node.0)?.field
    }

    /// Where in the text it stands.
    pub(super) fn range(&self, node: NodeId) -> Range<usize> {
        self.nodes.get(node.0).map_or(0..0, |node| node.range.clone())
    }

    /// Its children, punctuation included.
    pub(super) fn children(&self, node: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let next = |node: &NodeId| self.nodes.get(node.0)?.next_sibling.map(NodeId);
        std::iter::successors(self.nodes.get(node.0).and_then(|node| node.first_child).map(NodeId), next)
    }

    /// The first child that is `field` to it.
    pub(super) fn child(&self, node: NodeId, field: &str) -> Option<NodeId> {
        self.children(node).find(|child| self.field(*child) == Some(field))
    }

    /// The children that are `field` to it.
    pub(super) fn children_of<'t>(&'t self, node: NodeId, field: &'t str) -> impl Iterator<Item = NodeId> + 't {
        self.children(node).filter(move |child| self.field(*child) == Some(field))
    }

    /// The first child of that kind.
    pub(super) fn child_of_kind(&self, node: NodeId, kind: &str) -> Option<NodeId> {
        self.children(node).find(|child| self.kind(*child) == kind)
    }
}
