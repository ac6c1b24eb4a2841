//! Evaluation of a node to a value.
//!
//! A node that is removed (`AWS::NoValue`) has no value: `None`. What is wrong with a node is reported where it is, and
//! its value is unknown.

use std::rc::Rc;
use std::sync::Arc;

use crate::cloudformation::Template;
use crate::cloudformation::call::{Argument, Call, RAIN};
use crate::cloudformation::macros;
use crate::cloudformation::template::ORG_FORMATION;
use crate::document::{self, Scalars};
use crate::finding::Diagnostic;
use crate::source::Span;
use crate::syntax::node::{Node, NodeKind};
use crate::text::Text;
use crate::types::Type;
use crate::value::{Fields, Kind, Reason, Value};

/// How deeply evaluation may nest: more than any tree that parses.
const MAX_DEPTH: usize = 300;

/// How long a string may be: as long as a template (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html>).
const MAX_TEXT: usize = 1 << 20;

/// How many nodes may be evaluated for one template, loops multiplied out,
/// and eight more for each byte of it: a large template may be evaluated often.
const MAX_STEPS: usize = 1_000_000;

/// The variables of the loops around a node.
#[derive(Clone, Default)]
pub(super) struct Scope(Option<Rc<Variable>>);

struct Variable {
    name: Arc<str>,
    value: Value,
    outer: Scope,
}

impl Scope {
    /// This scope with one more variable.
    pub fn with(&self, name: Arc<str>, value: Value) -> Self {
        Self(Some(Rc::new(Variable { name, value, outer: self.clone() })))
    }

    /// The variables, innermost first.
    pub fn variables(&self) -> impl Iterator<Item = (&Arc<str>, &Value)> {
        std::iter::successors(self.0.as_deref(), |variable| variable.outer.0.as_deref())
            .map(|variable| (&variable.name, &variable.value))
    }

    /// The value of a variable.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.variables().find(|(known, _)| ***known == *name).map(|(_, value)| value)
    }
}

impl Template {
    /// Reports an error, once.
    pub(super) fn error(&self, error: Diagnostic) {
        let mut errors = self.errors.borrow_mut();
        if self.reported.borrow_mut().insert((error.code, error.span)) {
            errors.push(error);
        }
    }

    /// Reports an error; the unknown value that `what` has because of it.
    pub(super) fn fail(&self, code: &'static str, what: &str, message: impl Into<String>, span: Span) -> Value {
        self.error(Diagnostic::new(code, message, span));
        Value::unknown(Type::Dynamic, Reason::new(what, "is an error", Some(span))).at(span)
    }

    /// Whether evaluation may go one level deeper. If so, [`Self::leave`] must follow.
    pub(super) fn enter(&self, span: Span) -> bool {
        let (depth, steps) = (self.depth.get() + 1, self.steps.get() + 1);
        self.steps.set(steps);
        if depth > MAX_DEPTH || steps > MAX_STEPS + 8 * self.length {
            let message = if depth > MAX_DEPTH { "nested too deeply" } else { "too much to evaluate" };
            self.error(Diagnostic::new("cfn-too-deep", message, span));
            return false;
        }
        self.depth.set(depth);
        true
    }

    pub(super) fn leave(&self) {
        self.depth.set(self.depth.get().saturating_sub(1));
    }

    /// Whether a string of so many bytes may be made. Strings can double with each step, so they are counted too.
    pub(super) fn charge(&self, bytes: usize, span: Span) -> bool {
        self.steps.set(self.steps.get() + bytes / 32);
        if bytes > MAX_TEXT {
            self.error(Diagnostic::new("cfn-too-deep", "this makes a string longer than any template", span));
        }
        bytes <= MAX_TEXT
    }

    /// Several strings one after the other, or the unknown that they are because they are too long.
    pub(super) fn concat(&self, texts: &[Text], span: Span) -> Result<Text, Value> {
        let bytes = texts.iter().map(|text| text.known_len() + text.pieces().count()).sum();
        if self.charge(bytes, span) {
            return Ok(Text::concat(texts));
        }
        Err(Value::unknown(Type::Text, Reason::new("string", "is too long", Some(span))).at(span))
    }

    /// The value of a node; `None` if it is removed.
    pub(super) fn evaluate(&self, node: &Node, scope: &Scope) -> Option<Value> {
        self.argument(Argument::new(node), scope)
    }

    /// The value of an argument; `None` if it is removed.
    pub(super) fn argument(&self, argument: Argument<'_>, scope: &Scope) -> Option<Value> {
        if !self.enter(argument.span()) {
            let reason = Reason::new("template", "nests too deeply", Some(argument.span()));
            return Some(Value::unknown(Type::Dynamic, reason).at(argument.span()));
        }
        let value = match argument.call() {
            Some(call) => self.call(&call, scope),
            None => Some(self.literal(argument.node, scope)),
        };
        self.leave();
        value
    }

    fn literal(&self, node: &Node, scope: &Scope) -> Value {
        if let Some(value) = self.hole(node) {
            return value;
        }
        let kind = match &node.kind {
            NodeKind::Sequence(elements) => {
                Kind::Tuple(Arc::new(elements.iter().filter_map(|element| self.evaluate(element, scope)).collect()))
            }
            NodeKind::Mapping(entries) => {
                // A macro may add any key.
                if let Some((key, call)) = entries.iter().find(|(key, _)| key.as_str() == Some("Fn::Transform")) {
                    return macros::transformed(call, key.span);
                }
                let mut fields = Fields::default();
                self.fields(entries, scope, false, &mut fields);
                Kind::Object(Arc::new(fields))
            }
            _ => self.scalar(node, scope).kind,
        };
        Value::new(kind).at(node.span)
    }

    /// Evaluates the entries of a mapping, loops multiplied out.
    fn fields(&self, entries: &[(Node, Node)], scope: &Scope, repeated: bool, fields: &mut Fields) {
        for (key, value) in entries {
            let Some(name) = key.as_scalar() else { continue };
            if name.text.starts_with("Fn::ForEach::") {
                self.each(key, value, scope, &mut |entries, scope, _| self.fields(entries, scope, true, fields));
            } else if let Some(value) = self.evaluate(value, scope) {
                let name = self.key(key, scope).unwrap_or_else(|| Arc::clone(&name.text));
                if repeated && fields.get(&name).is_some() {
                    self.made_twice(&name, key.span);
                }
                fields.insert(name, Some(key.span), value);
            }
        }
    }

    fn scalar(&self, node: &Node, scope: &Scope) -> Value {
        let value = document::from_node(node, self.source_of(node.span), Scalars::CloudFormation);
        match &value.kind {
            Kind::Text(text) => self
                .with_variables(text, node.span, scope)
                .map_or(value.clone(), |text| Value { kind: Kind::Text(text), ..value.clone() }),
            _ => value,
        }
    }

    /// The value of a call; `None` if it is removed.
    fn call(&self, call: &Call<'_>, scope: &Scope) -> Option<Value> {
        let value = match call.name {
            "Ref" => return self.reference_call(call, scope),
            "Fn::If" => return self.choose(call, scope),
            "Fn::GetAtt" => self.attribute_call(call, scope),
            "Fn::Sub" => self.substitute(call, scope),
            "Fn::Join" => self.join(call, scope),
            "Fn::Split" => self.split(call, scope),
            "Fn::Select" => return Some(self.select(call, scope)),
            "Fn::FindInMap" => return self.find_in_map(call, scope),
            "Fn::Length" => self.length(call, scope),
            "Fn::Cidr" => self.cidr(call, scope),
            "Fn::Base64" => self.base64(call, scope),
            "Fn::ToJsonString" => self.to_json(call, scope),
            "Fn::ImportValue" => self.import(call, scope),
            "Fn::GetAZs" => {
                let reason = Reason::new("Fn::GetAZs", "depends on the account", Some(call.span));
                Value::unknown(Type::list(Type::Text), reason)
            }
            "Fn::GetStackOutput" => {
                let reason = Reason::new("Fn::GetStackOutput", "is known only to the other stack", Some(call.span));
                Value::unknown(Type::Dynamic, reason)
            }
            "Fn::RefAll" => self.all_of_type(call, scope),
            "Fn::ValueOf" | "Fn::ValueOfAll" => {
                let reason = Reason::new(call.name, "is looked up in the account", Some(call.span));
                Value::unknown(Type::Dynamic, reason)
            }
            "Fn::Transform" => macros::transformed(call.argument.node, call.span),
            name if name.starts_with(RAIN) => Value::unknown(
                Type::Dynamic,
                Reason::new(name, "is filled in by rain before deployment", Some(call.span)),
            ),
            "Fn::Equals"
            | "Fn::And"
            | "Fn::Or"
            | "Fn::Not"
            | "Condition"
            | "Fn::Contains"
            | "Fn::EachMemberEquals"
            | "Fn::EachMemberIn" => {
                match self.truth(Argument { node: call.argument.node, untagged: true }, Some(call), scope) {
                    Ok(truth) => Value::bool(truth),
                    Err(reason) => Value::unknown(Type::Bool, reason),
                }
            }
            // It has functions of its own, and more with each version: `!ReadFile`, `!JsonString`, `!Cmd`.
            name if self.transforms.iter().any(|what| &**what == ORG_FORMATION) => Value::unknown(
                Type::Dynamic,
                Reason::new(name, "is filled in by org-formation before deployment", Some(call.span)),
            ),
            name => self.fail("cfn-unknown-function", name, format!("there is no function `{name}`"), call.span),
        };
        // What a function makes is written where the call is, unless it looked through something.
        let origin = if value.origin.hops.is_some() { value.origin.clone() } else { Default::default() };
        Some(Value { origin: crate::value::Origin { span: Some(call.span), ..origin }, ..value })
    }

    /// Reports that a function is given what it does not take.
    pub(super) fn misused(&self, call: &Call<'_>, takes: &str) -> Value {
        self.fail("cfn-invalid-function", call.name, format!("{} takes {takes}", call.name), call.span)
    }
}
