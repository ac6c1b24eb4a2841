//! References: to parameters, loop variables, resources, exports, and what only the deployment knows.

use std::sync::Arc;

use crate::cloudformation::Template;
use crate::cloudformation::call::{Argument, Call};
use crate::cloudformation::evaluate::Scope;
use crate::cloudformation::foreach::Entry;
use crate::cloudformation::functions::text_of;
use crate::cloudformation::parameters;
use crate::source::Span;
use crate::syntax::node::{Node, NodeKind};
use crate::types::Type;
use crate::value::{Credential, Kind, Marks, Reason, Symbol, Unknown, Value, Via};

/// The pseudo parameters that have a value (`AWS::NoValue` removes instead).
const PSEUDO: [&str; 7] = [
    "AWS::AccountId",
    "AWS::NotificationARNs",
    "AWS::Partition",
    "AWS::Region",
    "AWS::StackId",
    "AWS::StackName",
    "AWS::URLSuffix",
];

/// Secrets that a resource makes: its type and attribute. "Return values" of the resource's page.
const CREDENTIALS: [(&str, &str); 1] = [("AWS::IAM::AccessKey", "SecretAccessKey")];

/// The functions whose value holds nothing but what their arguments hold.
const OF_ARGUMENTS: [&str; 10] = [
    "Fn::Base64",
    "Fn::Cidr",
    "Fn::FindInMap",
    "Fn::GetAZs",
    "Fn::If",
    "Fn::Join",
    "Fn::Length",
    "Fn::Select",
    "Fn::Split",
    "Fn::ToJsonString",
];

/// The types of resources whose attributes are the outputs of another template.
const STACKS: [&str; 2] = ["AWS::CloudFormation::Stack", "AWS::Serverless::Application"];

/// The macros that add no resource to which a template could refer.
const KNOWN_TRANSFORMS: [&str; 2] = ["AWS::LanguageExtensions", "AWS::Include"];

impl Template {
    /// `Ref`
    pub(super) fn reference_call(&self, call: &Call<'_>, scope: &Scope) -> Option<Value> {
        match self.name(call.argument, scope) {
            Ok(name) => self.reference(&name, call.span, scope),
            Err(unknown) => Some(unknown.unwrap_or_else(|| self.misused(call, "the name of a parameter or resource"))),
        }
    }

    /// The string that an argument is; else the unknown that it is, if it is one.
    pub(super) fn name(&self, argument: Argument<'_>, scope: &Scope) -> Result<Arc<str>, Option<Value>> {
        let value = self.argument(argument, scope).ok_or(None)?;
        let text = text_of(&value).ok_or(None)?;
        match (text.as_str(), text.unknown_part()) {
            (Some(name), _) => Ok(Arc::from(&*name)),
            (None, Some(unknown)) => Err(Some(Value::unknown_from(&unknown, Type::Dynamic).at(argument.span()))),
            (None, None) => Err(None),
        }
    }

    /// The value that a name refers to; `None` for `AWS::NoValue`.
    pub(super) fn reference(&self, name: &str, span: Span, scope: &Scope) -> Option<Value> {
        if name == "AWS::NoValue" {
            return None;
        }
        if let Some(value) = scope.get(name) {
            return Some(value.clone().via(Via::Repetition(name.into()), Some(span)));
        }
        if let Some(parameter) = self.parameters.get(name) {
            let mut value = parameter.value.clone();
            value.origin.span = Some(span);
            return Some(value);
        }
        if name.starts_with("AWS::") && PSEUDO.contains(&name) {
            return Some(self.pseudo(name, span));
        }
        Some(match self.declared(name) {
            Some(entry) => self.symbol(&entry.name, entry.kind(), "Ref", span),
            None => self.undefined(name, span),
        })
    }

    /// A pseudo parameter: as given, as follows from the region given, or known only to the deployment.
    fn pseudo(&self, name: &str, span: Span) -> Value {
        if let Some(given) = parameters::given(&self.given, name).filter(|_| !self.place.elsewhere) {
            return given.value().via(Via::ParameterValue(name.into()), Some(span));
        }
        // https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html
        let region = parameters::given(&self.given, "AWS::Region").filter(|_| !self.place.elsewhere);
        let region = region.map(|given| &*given.value);
        let derived = match (name, region) {
            ("AWS::Partition", Some(region)) if region.starts_with("cn-") => Some("aws-cn"),
            ("AWS::Partition", Some(region)) if region.starts_with("us-gov-") => Some("aws-us-gov"),
            ("AWS::URLSuffix", Some(region)) if region.starts_with("cn-") => Some("amazonaws.com.cn"),
            ("AWS::Partition", Some(_)) => Some("aws"),
            ("AWS::URLSuffix", Some(_)) => Some("amazonaws.com"),
            _ => None,
        };
        match derived {
            Some(text) => Value::text(text).at(span),
            None => self.symbol(name, "AWS::CloudFormation::PseudoParameter", "Ref", span),
        }
    }

    /// A reference to what is not declared. A macro may declare it.
    fn undefined(&self, name: &str, span: Span) -> Value {
        match self.transforms.iter().find(|transform| !KNOWN_TRANSFORMS.contains(&&***transform)) {
            Some(transform) => {
                let why = format!("is declared nowhere; the transform {transform} may declare it");
                Value::unknown(Type::Dynamic, Reason::new(name, why, Some(span))).at(span)
            }
            None => {
                let message = format!("there is no parameter and no resource `{name}`");
                self.fail("cfn-undefined-reference", name, message, span)
            }
        }
    }

    /// The value of an attribute that only the deployment knows.
    fn symbol(&self, address: &str, kind: &str, attribute: &str, span: Span) -> Value {
        let missing = if attribute == "Ref" { address.into() } else { format!("{address}.{attribute}") };
        // The account is the same in all stacks of a deployment, a stack's name is not.
        let shared = address.starts_with("AWS::") && !address.starts_with("AWS::Stack") && !self.place.elsewhere;
        let symbol = Symbol {
            project: Arc::clone(&self.place.project),
            address: if shared { address.into() } else { self.address(&address.into()) },
            kind: kind.into(),
            attribute: attribute.into(),
        };
        let ty = if address == "AWS::NotificationARNs" { Type::list(Type::Text) } else { Type::Dynamic };
        let ty = if attribute == "Ref" && ty == Type::Dynamic { Type::Text } else { ty };
        let reason = Reason::new(missing, "is known only after deployment", Some(span));
        let marks = match CREDENTIALS.contains(&(kind, attribute)) {
            true => Marks::credential(Credential {
                of: symbol.clone(),
                header: self.declared(address).map(|entry| entry.key),
                read: Some(span),
                unless: None,
            }),
            false => Marks::NONE,
        };
        Value::new(Kind::Unknown(Arc::new(Unknown { ty, not_null: true, symbol: Some(symbol), among: None, reason })))
            .at(span)
            .mark(&marks)
    }

    /// `Fn::GetAtt`, as `Name.Attribute` or `[Name, Attribute]`.
    pub(super) fn attribute_call(&self, call: &Call<'_>, scope: &Scope) -> Value {
        let names: Result<Vec<Arc<str>>, _> = match call.argument.elements() {
            Some(elements) => elements.iter().map(|element| self.name(Argument::new(element), scope)).collect(),
            None => self.name(call.argument, scope).map(|name| match name.split_once('.') {
                Some((resource, attribute)) => vec![resource.into(), attribute.into()],
                None => vec![name],
            }),
        };
        match names.as_deref() {
            Ok([resource, attribute, more @ ..]) => {
                let attribute = more.iter().fold(attribute.to_string(), |path, name| format!("{path}.{name}"));
                self.attribute(resource, &attribute, call.span)
            }
            Err(Some(unknown)) => unknown.clone(),
            _ => self.misused(call, "a resource and an attribute"),
        }
    }

    /// Whether an entry may have a value from a resource of a type that `sources` accepts or from a stack: by a reference, or
    /// by a function that gives more than its arguments hold. Nothing is evaluated for it.
    pub(super) fn may_draw_on(&self, entry: &Entry, sources: &dyn Fn(&str) -> bool) -> bool {
        let Some(properties) = entry.body.get("Properties") else { return false };
        // What a loop goes through may come from anywhere.
        let mut may = entry.scope.variables().next().is_some();
        let mut names = Vec::new();
        each(properties, &mut |part| {
            may |= match part {
                Part::Call(call) => !named(call, &mut names) && !OF_ARGUMENTS.contains(&call.name),
                Part::Made => true,
            };
        });
        let brings = |name: &str| match (self.parameters.get(name), self.declared(name)) {
            (Some(parameter), _) => !parameter.value.deep_marks().credentials().is_empty(),
            (None, Some(entry)) => sources(entry.kind()) || STACKS.contains(&entry.kind()),
            // A name that a macro gives, or nobody.
            (None, None) => self.aliases.keys().any(|alias| alias.starts_with(name)),
        };
        may || names.iter().any(|(name, _)| brings(name))
    }

    /// An attribute of a resource.
    pub(super) fn attribute(&self, resource: &str, attribute: &str, span: Span) -> Value {
        // `Function.Alias.Arn` is an attribute of what SAM makes for the function.
        let (first, rest) = attribute.split_once('.').unwrap_or((attribute, ""));
        let (resource, attribute) = match self.aliases.get(&*format!("{resource}.{first}")) {
            Some(made) if rest.is_empty() => (&**made, "Ref"),
            Some(made) => (&**made, rest),
            None => (resource, attribute),
        };
        match self.declared(resource) {
            Some(entry) => self
                .nested_output(&entry.name, attribute, span)
                .unwrap_or_else(|| self.symbol(&entry.name, entry.kind(), attribute, span)),
            None => self.undefined(resource, span),
        }
    }
}

/// The resources that a node refers to, each with the place; `Fn::Sub` variables included.
pub(super) fn mentioned(node: &Node, found: &mut Vec<(Arc<str>, Span)>) {
    each(node, &mut |part| {
        if let Part::Call(call) = part {
            named(call, found);
        }
    });
}

/// What [`each`] comes by.
enum Part<'n> {
    Call(&'n Call<'n>),
    /// A value that a macro put there, or a loop that makes some.
    Made,
}

/// Shows every call in a node, those in the arguments of others included.
fn each(node: &Node, show: &mut dyn FnMut(Part<'_>)) {
    let mut open = vec![Argument::new(node)];
    while let Some(argument) = open.pop() {
        if let Some(call) = argument.call() {
            show(Part::Call(&call));
            open.push(call.argument);
            continue;
        }
        let entries = argument.node.as_mapping().unwrap_or_default();
        let is_made = |key: &Node| key.as_str().is_some_and(|key| key.starts_with("Fn::"));
        if matches!(argument.node.kind, NodeKind::Hole(_)) || entries.iter().any(|(key, _)| is_made(key)) {
            show(Part::Made);
        }
        open.extend(argument.node.as_sequence().into_iter().flatten().map(Argument::new));
        open.extend(entries.iter().map(|(_, value)| Argument::new(value)));
    }
}

/// Adds what a call of `Ref`, `Fn::GetAtt` or `Fn::Sub` names; whether it is one of them and says it in plain words.
fn named<'n>(call: &Call<'n>, found: &mut Vec<(Arc<str>, Span)>) -> bool {
    // `!Ref X` is a scalar, too, but says in no plain words what it names.
    let plain = |argument: Argument<'n>| argument.node.as_scalar().filter(|_| argument.call().is_none());
    let first = call.argument.elements().and_then(<[Node]>::first);
    match (call.name, plain(call.argument), first.and_then(|first| plain(Argument::new(first)))) {
        ("Ref", Some(name), _) | ("Fn::GetAtt", None, Some(name)) => {
            found.push((Arc::clone(&name.text), call.span));
        }
        ("Fn::GetAtt", Some(name), _) => {
            let resource = name.text.split('.').next().unwrap_or_default();
            found.push((resource.into(), call.span));
        }
        ("Fn::Sub", Some(template), _) | ("Fn::Sub", None, Some(template)) => {
            substituted(&template.text, call.span, found);
        }
        _ => return false,
    }
    true
}

fn substituted(template: &str, span: Span, found: &mut Vec<(Arc<str>, Span)>) {
    for part in template.split("${").skip(1) {
        let name = part.split(['}', '.']).next().unwrap_or_default();
        found.push((name.into(), span));
    }
}
