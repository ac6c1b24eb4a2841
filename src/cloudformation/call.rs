//! Function calls, in the short form (`!Sub x`) and the long one (`{"Fn::Sub": x}`).

use crate::source::Span;
use crate::syntax::node::{Node, Tag};

/// How the directives of `rain` start, a tool that fills templates in before they are deployed.
pub(super) const RAIN: &str = "Rain::";

/// A call of an intrinsic function.
pub(super) struct Call<'n> {
    /// The function as the long form names it: `Ref`, `Condition`, `Fn::Sub`.
    pub name: &'n str,
    /// What it is given.
    pub argument: Argument<'n>,
    /// The whole call.
    pub span: Span,
}

/// The argument of a call. In the short form it is the node that bears the tag: the tag is then not part of it.
#[derive(Clone, Copy)]
pub(super) struct Argument<'n> {
    pub node: &'n Node,
    pub untagged: bool,
}

impl<'n> Argument<'n> {
    /// A node as it stands.
    pub fn new(node: &'n Node) -> Self {
        Self { node, untagged: false }
    }

    /// The elements, if a list is written here (and no call that gives one).
    pub fn elements(&self) -> Option<&'n [Node]> {
        self.node.as_sequence()
    }

    /// The call that this is, if it is one.
    pub fn call(&self) -> Option<Call<'n>> {
        if let Some(Tag { name: tag, span }) = self.node.tag.as_deref().filter(|_| !self.untagged)
            && !tag.starts_with("!!")
            && &**tag != "!"
        {
            let argument = Argument { node: self.node, untagged: true };
            return Some(Call { name: long_name(tag), argument, span: span.to(self.node.span) });
        }
        let [(key, value)] = self.node.as_mapping()? else { return None };
        let name = key.as_str()?;
        let function = name == "Ref"
            || name == "Condition" && value.as_str().is_some()
            || name.starts_with("Fn::")
            || name.starts_with(RAIN);
        let call = Call { name, argument: Argument::new(value), span: self.node.span };
        (function && !name.starts_with("Fn::ForEach::")).then_some(call)
    }

    /// Where it is written.
    pub fn span(&self) -> Span {
        self.node.span
    }
}

/// The long name of a tag; the tag itself if there is no such function.
fn long_name(tag: &str) -> &str {
    const NAMES: [(&str, &str); 27] = [
        ("!Ref", "Ref"),
        ("!Condition", "Condition"),
        ("!GetAtt", "Fn::GetAtt"),
        ("!Sub", "Fn::Sub"),
        ("!Join", "Fn::Join"),
        ("!Select", "Fn::Select"),
        ("!Split", "Fn::Split"),
        ("!FindInMap", "Fn::FindInMap"),
        ("!If", "Fn::If"),
        ("!Equals", "Fn::Equals"),
        ("!And", "Fn::And"),
        ("!Or", "Fn::Or"),
        ("!Not", "Fn::Not"),
        ("!Base64", "Fn::Base64"),
        ("!Cidr", "Fn::Cidr"),
        ("!GetStackOutput", "Fn::GetStackOutput"),
        ("!GetAZs", "Fn::GetAZs"),
        ("!ImportValue", "Fn::ImportValue"),
        ("!Length", "Fn::Length"),
        ("!ToJsonString", "Fn::ToJsonString"),
        ("!Transform", "Fn::Transform"),
        ("!Contains", "Fn::Contains"),
        ("!EachMemberEquals", "Fn::EachMemberEquals"),
        ("!EachMemberIn", "Fn::EachMemberIn"),
        ("!RefAll", "Fn::RefAll"),
        ("!ValueOf", "Fn::ValueOf"),
        ("!ValueOfAll", "Fn::ValueOfAll"),
    ];
    let other = if tag.get(1..).is_some_and(|name| name.starts_with(RAIN)) { tag.trim_start_matches('!') } else { tag };
    NAMES.iter().find(|(short, _)| *short == tag).map_or(other, |(_, long)| long)
}
