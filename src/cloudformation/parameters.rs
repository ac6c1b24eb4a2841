//! Parameters: their values given, by default, or unknown.

use std::sync::Arc;

use crate::cloudformation::Template;
use crate::cloudformation::foreach::Entry;
use crate::document::{self, Scalars, Slices};
use crate::finding::Diagnostic;
use crate::number::Number;
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

/// The kind of a parameter's [`Symbol`].
pub(super) const KIND: &str = "AWS::CloudFormation::Parameter";

/// A parameter that a template declares.
#[derive(Debug)]
pub(super) struct Parameter {
    /// Its value.
    pub value: Value,
    /// What it is restricted to, if it is.
    pub allowed: Vec<Arc<str>>,
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
        let literal = |node: &Node| match node.as_scalar() {
            Some(scalar) => Value::new(Kind::Text(document::scalar_text(scalar, &self.source))).at(node.span),
            None => self.hole(node).unwrap_or_else(|| document::from_node(node, &self.source, Scalars::CloudFormation)),
        };
        let kind = declaration.get("Type").and_then(Node::as_str).unwrap_or("String");
        let allowed: Vec<Arc<str>> = declaration
            .get("AllowedValues")
            .and_then(Node::as_sequence)
            .into_iter()
            .flatten()
            .filter_map(|node| node.as_scalar().map(|scalar| Arc::clone(&scalar.text)))
            .collect();
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
                kind: KIND.into(),
                attribute: "Ref".into(),
            };
            let reason = Reason::new(Arc::clone(name), why, Some(entry.key));
            Value::new(Kind::Unknown(Arc::new(Unknown { ty, not_null: true, symbol: Some(symbol), reason })))
        };
        let value = match written {
            // What a parameter store holds is not in the template, whatever its name there.
            Some((path, _)) if kind.starts_with("AWS::SSM::Parameter::Value<") => {
                let path = path.as_str().unwrap_or_default();
                let ty = if kind.contains("List<") { Type::Dynamic } else { Type::Text };
                unknown(format!("is read from the SSM parameter `{path}` at deployment"), ty)
            }
            Some((value, via)) => {
                let written = value.as_str().unwrap_or_default().into_owned();
                let value = typed(kind, value);
                self.check_allowed(name, &written, &value, &allowed, given.map_or(entry.key, |given| given.span));
                let span = value.origin.span;
                value.via(via, span)
            }
            None => {
                let why = match &*allowed {
                    [] => "has no default and no value was given".into(),
                    allowed => format!("has no default and no value was given (allowed: {})", allowed.join(", ")),
                };
                let scalar = !kind.contains("List");
                unknown(why, if scalar { Type::Text } else { Type::Dynamic })
            }
        };
        let hidden = declaration
            .get("NoEcho")
            .and_then(Node::as_str)
            .is_some_and(|text| text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("yes"));
        let value = if hidden { value.mark(Marks::SECRET) } else { value };
        Parameter { value, allowed }
    }

    /// Whether a value, as written or each of its elements, is among those allowed.
    fn check_allowed(&self, name: &str, written: &str, value: &Value, allowed: &[Arc<str>], span: Span) {
        if allowed.is_empty() || allowed.iter().any(|allowed| **allowed == *written) {
            return;
        }
        let single = std::slice::from_ref(value);
        for value in value.elements().unwrap_or(single) {
            let Some(text) = super::functions::text_of(value) else { continue };
            let Some(text) = text.as_str() else { continue };
            if !allowed.iter().any(|allowed| **allowed == text) {
                let message = format!("the value of parameter `{name}` is not among its AllowedValues");
                self.error(Diagnostic::new("cfn-parameter-value", message, span));
            }
        }
    }
}

/// A value as the parameter's type has it: numbers as numbers, lists split at commas without the blanks around them.
fn typed(kind: &str, value: Value) -> Value {
    let Some(text) = super::functions::text_of(&value) else { return value };
    let Some(known) = text.as_str() else { return value };
    if kind == "CommaDelimitedList" || kind.starts_with("List<") {
        let mut elements = Vec::new();
        let slices = Slices::new(&text);
        let mut at = 0;
        for part in known.split(',').filter(|_| !known.is_empty()) {
            let start = at + (part.len() - part.trim_start().len());
            let inside = start..start + part.trim().len();
            let span = slices.span(inside.clone()).or(value.origin.span);
            let element = Value::new(Kind::Text(slices.text(inside))).mark(value.marks);
            elements.push(match span {
                Some(span) => element.at(span),
                None => element,
            });
            at += part.len() + 1;
        }
        return Value { kind: Kind::Tuple(Arc::new(elements)), ..value };
    }
    let number = if kind == "Number" { Number::parse(known.trim()) } else { None };
    let kind = match number.filter(|number| number.to_string() == known) {
        Some(number) => Kind::Number(number),
        None => Kind::Text(text),
    };
    Value { kind, ..value }
}
