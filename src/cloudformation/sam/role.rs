//! The roles that SAM makes: trust, managed policies, inline policies.

use std::sync::Arc;

use super::make::{Make, choice, is_call, is_empty, is_nothing, same};
use super::{Item, Sam, templates};
use crate::finding::Diagnostic;
use crate::syntax::node::{Node, NodeKind};

/// The managed policies of AWS that do not lie at the root path, each with its path.
const MANAGED: &str = include_str!("managed_policies.txt");

/// A role in the making.
pub(super) struct Role {
    /// Its logical ID.
    pub name: Arc<str>,
    /// Where what it is for is written.
    pub make: Make,
    /// Who may assume it.
    pub trust: Node,
    /// ARNs of managed policies.
    pub managed: Vec<Node>,
    /// Whether it is the role that a function or state machine runs with: the list of its managed policies is there even
    /// if it is empty.
    pub execution: bool,
    /// Inline policies, with their names.
    pub inline: Vec<Node>,
    /// `Path`, `PermissionsBoundary`, `Tags`.
    pub more: Vec<(&'static str, Node)>,
    /// The condition that replaces that of the resource it is for.
    pub condition: Option<Node>,
}

impl Role {
    /// A role that a service may assume.
    pub fn new(name: impl Into<Arc<str>>, make: Make, service: &str) -> Self {
        Self {
            name: name.into(),
            make,
            trust: trust(make, service),
            managed: vec![],
            execution: false,
            inline: vec![],
            more: vec![],
            condition: None,
        }
    }

    /// Adds a managed policy once.
    pub fn attach(&mut self, arn: Node) {
        if !self.managed.iter().any(|known| same_policy(known, &arn)) {
            self.managed.push(arn);
        }
    }

    /// Adds an inline policy, if none with the same document is there.
    pub fn embed(&mut self, policy: Node) {
        let document = policy.get("PolicyDocument");
        let known = |known: &&Node| match (known.get("PolicyDocument"), document) {
            (Some(known), Some(document)) => same(known, document),
            _ => false,
        };
        if !self.inline.iter().any(|policy| known(&policy)) {
            self.inline.push(policy);
        }
    }

    /// Its properties.
    fn properties(self) -> Node {
        let make = self.make;
        let mut properties = vec![("AssumeRolePolicyDocument", self.trust)];
        if self.execution || !self.managed.is_empty() {
            properties.push(("ManagedPolicyArns", make.list(self.managed)));
        }
        if !self.inline.is_empty() {
            properties.push(("Policies", make.list(self.inline)));
        }
        properties.extend(self.more);
        make.map(properties)
    }
}

/// Two ARNs of one managed policy of AWS, the partition written or filled in.
fn same_policy(a: &Node, b: &Node) -> bool {
    let name = |node: &Node| {
        let text = node.get("Fn::Sub").unwrap_or(node).as_str()?;
        text.split_once(":iam::aws:policy/").map(|(_, name)| name.to_owned())
    };
    same(a, b) || name(a).is_some_and(|a| name(b).is_some_and(|b| a == b))
}

/// A document that lets a service assume a role.
pub(super) fn trust(make: Make, service: &str) -> Node {
    let statement = make.map([
        ("Action", make.texts(&["sts:AssumeRole"])),
        ("Effect", make.text("Allow")),
        ("Principal", make.map([("Service", make.texts(&[service]))])),
    ]);
    make.map([("Version", make.text("2012-10-17")), ("Statement", make.list([statement]))])
}

/// An inline policy with statements.
pub(super) fn inline(make: Make, name: impl Into<Arc<str>>, statements: Vec<Node>) -> Node {
    let document = make.map([("Statement", make.list(statements))]);
    make.map([("PolicyName", make.text(name)), ("PolicyDocument", document)])
}

/// A statement that allows actions on a resource. One action is a string, several are a list.
pub(super) fn allow(make: Make, action: Node, resource: Node) -> Node {
    make.map([("Action", action), ("Effect", make.text("Allow")), ("Resource", resource)])
}

/// The ARN of a managed policy of AWS.
pub(super) fn managed_arn(make: Make, path: &str) -> Node {
    make.substituted(format!("arn:${{AWS::Partition}}:iam::aws:policy/{path}"))
}

/// What an entry of `Policies` is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Entry {
    Managed,
    Document,
    Template,
    Other,
}

fn entry(node: &Node) -> Entry {
    if let Some([_, yes, no]) = choice(node) {
        return entry(if is_nothing(yes) { no } else { yes });
    }
    if is_call(node) || node.as_scalar().is_some() {
        return Entry::Managed;
    }
    match node.as_mapping() {
        Some(_) if node.get("Statement").is_some() => Entry::Document,
        Some([_]) => Entry::Template,
        _ => Entry::Other,
    }
}

/// A node, or what stands in both branches of its `Fn::If`, made something else; `AWS::NoValue` stays.
fn in_branches(node: &Node, change: &dyn Fn(&Node) -> Node) -> Node {
    match choice(node) {
        Some([condition, yes, no]) => {
            let change = |node: &Node| if is_nothing(node) { node.clone() } else { change(node) };
            Make(node.span).choice(condition.clone(), change(yes), change(no))
        }
        None => change(node),
    }
}

/// A managed policy as written: a name becomes the ARN of that policy of AWS.
fn managed(node: &Node) -> Node {
    let written = |name: &&str| !name.starts_with("arn:") && !name.contains("{{resolve:");
    let Some(name) = node.as_str().filter(|_| !is_call(node)).filter(written) else {
        return node.clone();
    };
    let path = MANAGED.lines().find(|path| path.rsplit('/').next() == Some(name)).unwrap_or(name);
    managed_arn(Make(node.span), path)
}

impl Sam<'_> {
    /// The policy that lets a function write traces: its name depends on the partition.
    pub(super) fn tracing_arn(&self, item: &Item, make: Make) -> Node {
        let partition = make.reference("AWS::Partition");
        let [here, elsewhere] =
            ["AWSXrayWriteOnlyAccess", "AWSXRayDaemonWriteAccess"].map(|name| managed_arn(make, name));
        match self.text(item, &partition).as_deref() {
            Some("aws") => here,
            Some(_) => elsewhere,
            None => make.choice(make.map([("Fn::Equals", make.list([partition, make.text("aws")]))]), here, elsewhere),
        }
    }

    /// Adds the policies that a function or state machine names in `Policies`.
    pub(super) fn add_policies(&self, item: &Item, role: &mut Role, policies: Option<&Node>) {
        let Some(policies) = policies.filter(|policies| !is_empty(policies)) else { return };
        let single = std::slice::from_ref(policies);
        for (index, policy) in policies.as_sequence().unwrap_or(single).iter().enumerate() {
            let make = Make(policy.span);
            let name = format!("{}Policy{index}", role.name);
            let named = |document: &Node| {
                make.map([("PolicyName", make.text(name.as_str())), ("PolicyDocument", document.clone())])
            };
            match entry(policy) {
                Entry::Managed => role.attach(in_branches(policy, &managed)),
                Entry::Document => role.inline.push(in_branches(policy, &named)),
                Entry::Template => {
                    role.inline.push(in_branches(policy, &|node| named(&self.policy_template(node))));
                }
                Entry::Other => {
                    let message = format!("this is no policy that the transform of SAM knows ({})", item.name);
                    self.template.error(Diagnostic::new("sam-invalid", message, policy.span));
                    role.inline.push(named(&make.unknown()));
                }
            }
        }
    }

    /// The document of a policy template; an unknown one if there is no such template.
    fn policy_template(&self, node: &Node) -> Node {
        let Some([(name, arguments)]) = node.as_mapping() else { return Make(node.span).unknown() };
        let known = name.as_str().and_then(|name| templates::policy(name, arguments, Make(name_span(node))));
        known.unwrap_or_else(|| {
            let name = name.as_str().unwrap_or_default();
            let message = format!("the policy template `{name}` is not known: what it allows is unknown");
            self.template.note(Diagnostic::new("sam-unknown", message, node.span));
            Make(node.span).unknown()
        })
    }

    /// Adds a role, present if what it is for is.
    pub(super) fn add_role(&mut self, item: &Item, mut role: Role) {
        let (name, make, condition) = (Arc::clone(&role.name), role.make, role.condition.take());
        let properties = role.properties();
        self.add_with(item, &name, make, "AWS::IAM::Role", properties, condition);
    }
}

/// Where the name of a policy template is written.
fn name_span(node: &Node) -> crate::source::Span {
    match &node.kind {
        NodeKind::Mapping(entries) => entries.first().map_or(node.span, |(key, _)| key.span),
        _ => node.span,
    }
}
