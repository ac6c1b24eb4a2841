//! Parameters: their values given, by default, or unknown.

use std::sync::Arc;

use crate::cloudformation::Template;
use crate::cloudformation::constraints::{Constraints, is_list};
use crate::cloudformation::foreach::Entry;
use crate::document::{self, Scalars, Slices};
use crate::finding::Diagnostic;
use crate::source::Span;
use crate::syntax::node::Node;
use crate::text::Text;
use crate::types::Type;
use crate::value::{Kind, Marks, Reason, Symbol, Unknown, Value, Via};

/// Values given to parameters, pseudo parameters (`AWS::Region`) included. Of several for one name the last counts.
pub type Parameters = Vec<Given>;

/// A value given to a parameter.
#[derive(Clone, Debug)]
pub struct Given {
    /// The parameter.
    pub name: Arc<str>,
    /// Its value; a list with commas.
    pub value: Arc<str>,
    /// Where the value is written.
    pub span: Span,
}

/// A parameter that a template declares.
#[derive(Debug)]
pub(super) struct Parameter {
    /// Its value.
    pub value: Value,
    /// Its type.
    pub kind: Arc<str>,
    /// Whether it says `NoEcho`.
    pub hidden: bool,
}

/// The value given to `name`.
pub(super) fn given<'g>(given: &'g [Given], name: &str) -> Option<&'g Given> {
    given.iter().rev().find(|given| &*given.name == name)
}

impl Given {
    fn text(&self) -> Text {
        Text::literal(Arc::clone(&self.value), Some(self.span), true)
    }

    /// The value as a string, having come from here.
    pub(super) fn value(&self) -> Value {
        Value::new(Kind::Text(self.text())).at(self.span)
    }
}

impl Template {
    /// Reads the declaration of a parameter.
    pub(super) fn parameter(&self, entry: &Entry) -> Parameter {
        let (name, declaration) = (&entry.name, &entry.body);
        if declaration.as_mapping().is_none() {
            self.error(Diagnostic::new("cfn-invalid-section", format!("parameter `{name}` is no mapping"), entry.key));
        }
        // A default is a string, whatever it looks like, until the parameter's type says otherwise.
        // Only a number that is written as one stays one; what is given is a string.
        let kind: Arc<str> = declaration.get("Type").and_then(Node::as_str).unwrap_or("String").into();
        let literal = |node: &Node| match node.as_scalar() {
            Some(scalar) if *kind == *"Number" => {
                document::from_scalar(scalar, node.span, self.source_of(node.span), Scalars::CloudFormation)
            }
            Some(scalar) => {
                Value::new(Kind::Text(document::scalar_text(scalar, self.source_of(node.span)))).at(node.span)
            }
            None => self
                .hole(node)
                .unwrap_or_else(|| document::from_node(node, self.source_of(node.span), Scalars::CloudFormation)),
        };
        let constraints = Constraints::of(declaration);
        let given = given(&self.given, name);
        let written = match (given, declaration.get("Default")) {
            _ if self.passed(name).is_some() => self.passed(name),
            (Some(given), _) => Some((given.value(), Via::ParameterValue(Arc::clone(name)))),
            (None, Some(default)) => Some((literal(default), Via::ParameterDefault(Arc::clone(name)))),
            (None, None) => None,
        };
        let unknown = |why: String, ty: Type| {
            let symbol = Symbol {
                project: Arc::clone(&self.place.project),
                address: self.address(name),
                kind: "AWS::CloudFormation::Parameter".into(),
                attribute: "Ref".into(),
            };
            let reason = Reason::new(Arc::clone(name), why, Some(entry.key));
            Unknown { ty, not_null: true, symbol: Some(symbol), among: None, reason }
        };
        let open = |unknown: Unknown| Value::new(Kind::Unknown(Arc::new(unknown)));
        let value = match written {
            // What a parameter store holds is not in the template, whatever its name there.
            Some((path, _)) if kind.starts_with("AWS::SSM::Parameter::Value<") => {
                let path = path.as_str().unwrap_or_default();
                let ty = if is_list(&kind) { Type::Dynamic } else { Type::Text };
                open(unknown(format!("is read from the SSM parameter `{path}` at deployment"), ty))
            }
            Some((value, via)) => {
                let written = super::functions::text_of(&value);
                let written = written.as_ref().and_then(|text| text.as_str()).unwrap_or_default();
                let value = typed(&kind, value);
                if let Some(broken) = constraints.broken_by(&kind, &written, &value) {
                    let message = format!("the value of parameter `{name}` {broken}");
                    let span = given.map_or(entry.key, |given| given.span);
                    self.error(Diagnostic::new("cfn-parameter-value", message, span));
                }
                let span = value.origin.span;
                value.via(via, span)
            }
            None if constraints.allowed.is_empty() || is_list(&kind) => {
                let ty = if is_list(&kind) { Type::Dynamic } else { Type::Text };
                open(unknown("has no default and no value was given".into(), ty))
            }
            None => {
                let allowed = constraints.allowed_texts().collect::<Vec<_>>().join(", ");
                let why = format!("has no default and no value was given (allowed: {allowed})");
                let via = |node: &&Node| {
                    let value = typed(&kind, literal(node));
                    let span = value.origin.span;
                    value.via(Via::AllowedValue(Arc::clone(name)), span)
                };
                Value::one_of(unknown(why, Type::Text), constraints.allowed.iter().map(via).collect())
            }
        };
        let hidden = declaration
            .get("NoEcho")
            .and_then(Node::as_str)
            .is_some_and(|text| text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("yes"));
        let value = if hidden { value.mark(&Marks::SECRET) } else { value };
        Parameter { value, kind, hidden }
    }
}

/// A value as the parameter's type has it: a string, or a list split at commas without the blanks around them.
fn typed(kind: &str, value: Value) -> Value {
    let Some(text) = super::functions::text_of(&value) else { return value };
    let Some(known) = text.as_str().filter(|_| value.as_number().is_none()) else { return value };
    if is_list(kind) {
        let mut elements = Vec::new();
        let slices = Slices::new(&text);
        let mut at = 0;
        for part in known.split(',') {
            let start = at + (part.len() - part.trim_start().len());
            let inside = start..start + part.trim().len();
            let span = slices.span(inside.clone()).or(value.origin.span);
            let element = Value::new(Kind::Text(slices.text(inside))).mark(&value.marks);
            elements.push(match span {
                Some(span) => element.at(span),
                None => element,
            });
            at += part.len() + 1;
        }
        return Value { kind: Kind::Tuple(Arc::new(elements)), ..value };
    }
    Value { kind: Kind::Text(text), ..value }
}
