//! Macros: what they may make of a template is known only to them.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-macros.html>

use std::sync::Arc;

use crate::source::Span;
use crate::syntax::node::Node;
use crate::types::Type;
use crate::value::{Reason, Value};

/// The key under which a part of a template calls a macro.
pub(super) const CALL: &str = "Fn::Transform";

/// The macro that puts a file in its place.
pub(super) const INCLUDE: &str = "AWS::Include";

/// The macros that a `Transform` section lists, each with its place.
pub(super) fn listed(section: &Node) -> Vec<(Arc<str>, Span)> {
    let single = std::slice::from_ref(section);
    let name = |node: &Node| {
        let name = node.get("Name").unwrap_or(node).as_scalar()?;
        Some((Arc::clone(&name.text), node.span))
    };
    section.as_sequence().unwrap_or(single).iter().filter_map(name).collect()
}

/// Whether a macro is one of AWS's own: what they do is known, and that they leave alone what is not theirs.
pub(super) fn is_aws(name: &str) -> bool {
    name.starts_with("AWS::")
}

/// Whether a call is of `AWS::Include`.
pub(super) fn is_include(call: &Node) -> bool {
    call.get("Name").and_then(Node::as_str) == Some(INCLUDE)
}

/// The file that `AWS::Include` is to put in its place.
pub(super) fn location(call: &Node) -> Option<&Node> {
    call.get("Parameters")?.get("Location").filter(|_| is_include(call))
}

/// Why what stands at `span` is not known: a call of a macro.
pub(super) fn reason(call: &Node, span: Span) -> Reason {
    if is_include(call) {
        let place = location(call).filter(|location| location.tag.is_none()).and_then(Node::as_str);
        return Reason::new(place.unwrap_or(INCLUDE), "is included at deployment", Some(span));
    }
    match call.get("Name").and_then(Node::as_str) {
        Some(name) => may_change(name, span),
        None => Reason::new(CALL, "is expanded by a macro at deployment", Some(span)),
    }
}

/// Why what the macro `name` may change is not known.
pub(super) fn may_change(name: &str, span: Span) -> Reason {
    Reason::new(name, "is a macro, which may change what is written here", Some(span))
}

/// What a macro makes of a part of the template.
pub(super) fn transformed(call: &Node, span: Span) -> Value {
    Value::unknown(Type::Dynamic, reason(call, span)).at(span)
}
