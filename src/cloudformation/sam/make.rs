//! Nodes that are written nowhere: what a SAM resource implies, said to stand at the place that implies it.

use std::sync::Arc;

use crate::cloudformation::call::Argument;
use crate::source::Span;
use crate::syntax::node::{Node, NodeKind, Scalar, Style};

/// Makes nodes that stand at one place.
#[derive(Clone, Copy)]
pub(super) struct Make(pub Span);

impl Make {
    fn node(self, kind: NodeKind) -> Node {
        Node { kind, span: self.0, tag: None }
    }

    /// A string.
    pub fn text(self, text: impl Into<Arc<str>>) -> Node {
        let scalar = Scalar { text: text.into(), content: self.0, exact: false, style: Style::Text };
        self.node(NodeKind::Scalar(scalar))
    }

    /// `true` or `false`.
    pub fn truth(self, truth: bool) -> Node {
        self.plain(if truth { "true" } else { "false" })
    }

    /// A number or truth value.
    pub fn plain(self, text: &str) -> Node {
        let scalar = Scalar { text: text.into(), content: self.0, exact: false, style: Style::Plain };
        self.node(NodeKind::Scalar(scalar))
    }

    /// A list.
    pub fn list(self, elements: impl IntoIterator<Item = Node>) -> Node {
        self.node(NodeKind::Sequence(elements.into_iter().collect()))
    }

    /// A list of strings.
    pub fn texts(self, texts: &[&str]) -> Node {
        self.list(texts.iter().map(|text| self.text(*text)))
    }

    /// A mapping.
    pub fn map<'k>(self, entries: impl IntoIterator<Item = (&'k str, Node)>) -> Node {
        self.node(NodeKind::Mapping(entries.into_iter().map(|(key, value)| (self.text(key), value)).collect()))
    }

    /// A mapping of entries whose keys are nodes.
    pub fn entries(self, entries: Vec<(Node, Node)>) -> Node {
        self.node(NodeKind::Mapping(entries))
    }

    /// `Ref`
    pub fn reference(self, name: impl Into<Arc<str>>) -> Node {
        self.map([("Ref", self.text(name))])
    }

    /// `Fn::GetAtt`
    pub fn attribute(self, resource: &str, attribute: &str) -> Node {
        self.map([("Fn::GetAtt", self.texts(&[resource, attribute]))])
    }

    /// `Fn::Sub`
    pub fn substituted(self, text: impl Into<Arc<str>>) -> Node {
        self.map([("Fn::Sub", self.text(text))])
    }

    /// `Fn::Sub` with variables of its own.
    pub fn substituted_with(self, text: impl Into<Arc<str>>, variables: Node) -> Node {
        self.map([("Fn::Sub", self.list([self.text(text), variables]))])
    }

    /// `Fn::If`. The condition is a name or a condition function.
    pub fn choice(self, condition: Node, yes: Node, no: Node) -> Node {
        self.map([("Fn::If", self.list([condition, yes, no]))])
    }

    /// `AWS::NoValue`
    pub fn nothing(self) -> Node {
        self.reference("AWS::NoValue")
    }

    /// What SAM makes of something is not known: it is left to the deployment.
    pub fn unknown(self) -> Node {
        self.map([("Fn::Transform", self.map([]))])
    }
}

/// Whether a node is a call of an intrinsic function.
pub(super) fn is_call(node: &Node) -> bool {
    Argument::new(node).call().is_some()
}

/// The three operands of `Fn::If`, if a node is one.
pub(super) fn choice(node: &Node) -> Option<[&Node; 3]> {
    let call = Argument::new(node).call().filter(|call| call.name == "Fn::If")?;
    match call.argument.elements() {
        Some([condition, yes, no]) => Some([condition, yes, no]),
        _ => None,
    }
}

/// The name that a node refers to with `Ref`.
pub(super) fn referred(node: &Node) -> Option<&str> {
    Argument::new(node).call().filter(|call| call.name == "Ref")?.argument.node.as_str()
}

/// Whether a node is `AWS::NoValue`.
pub(super) fn is_nothing(node: &Node) -> bool {
    referred(node) == Some("AWS::NoValue")
}

/// The resource that a node names by `Ref` or `Fn::GetAtt`.
pub(super) fn resource_named(node: &Node) -> Option<&str> {
    let call = Argument::new(node).call()?;
    match (call.name, call.argument.elements()) {
        ("Ref", _) => call.argument.node.as_str(),
        ("Fn::GetAtt", Some(elements)) => elements.first().and_then(Node::as_str),
        ("Fn::GetAtt", None) => call.argument.node.as_str().and_then(|name| name.split('.').next()),
        _ => None,
    }
}

/// Whether nothing is written there: YAML's null.
pub(super) fn is_empty(node: &Node) -> bool {
    let null = |scalar: &Scalar| scalar.style == Style::Plain && matches!(&*scalar.text, "" | "~" | "null");
    node.tag.is_none() && node.as_scalar().is_some_and(null)
}

/// The value of a key, if something is written there.
pub(super) fn given<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    node.get(key).filter(|value| !is_empty(value))
}

/// Whether two nodes say the same, wherever they stand. Long and short forms of functions are told apart.
pub(super) fn same(a: &Node, b: &Node) -> bool {
    let tag = |node: &Node| node.tag.as_ref().map(|tag| Arc::clone(&tag.name));
    tag(a) == tag(b)
        && match (&a.kind, &b.kind) {
            (NodeKind::Scalar(a), NodeKind::Scalar(b)) => a.text == b.text,
            (NodeKind::Sequence(a), NodeKind::Sequence(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
            }
            (NodeKind::Mapping(a), NodeKind::Mapping(b)) => {
                let entry = |((key, value), (other, theirs)): (&(Node, Node), &(Node, Node))| {
                    same(key, other) && same(value, theirs)
                };
                a.len() == b.len() && a.iter().zip(b).all(entry)
            }
            _ => false,
        }
}

/// A resource's value over the one for all resources of its type (`Globals`): mappings are merged, lists joined, anything
/// else replaced. <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-template-anatomy-globals.html>
pub(super) fn merged(general: &Node, own: &Node) -> Node {
    if is_call(general) || is_call(own) {
        return own.clone();
    }
    let kind = match (&general.kind, &own.kind) {
        (NodeKind::Mapping(general), NodeKind::Mapping(entries)) => {
            let mut all = general.clone();
            for (key, value) in entries {
                match all.iter_mut().find(|(known, _)| known.as_str().is_some() && known.as_str() == key.as_str()) {
                    Some(entry) => *entry = (key.clone(), merged(&entry.1, value)),
                    None => all.push((key.clone(), value.clone())),
                }
            }
            NodeKind::Mapping(all)
        }
        (NodeKind::Sequence(general), NodeKind::Sequence(elements)) => {
            NodeKind::Sequence(general.iter().chain(elements).cloned().collect())
        }
        _ => return own.clone(),
    };
    Node { kind, span: own.span, tag: own.tag.clone() }
}
