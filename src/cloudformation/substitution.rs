//! `Fn::Sub`, and loop variables in strings and keys.

use std::ops::Range;
use std::sync::Arc;

use crate::cloudformation::Template;
use crate::cloudformation::call::{Argument, Call};
use crate::cloudformation::evaluate::Scope;
use crate::cloudformation::functions::{sole_text, text_of};
use crate::document::{self, Slices};
use crate::source::Span;
use crate::syntax::node::Node;
use crate::text::Text;
use crate::types::Type;
use crate::value::{Kind, Marks, Value};

/// A part of a string with variables.
enum Part {
    /// Characters that stand for themselves.
    Literal(Range<usize>),
    /// A variable: the whole of `${Name}` and its name.
    Variable(Range<usize>, Range<usize>),
}

/// The parts of a string with `${Name}`; `${!Name}` is a way to write the characters `${Name}`.
fn parts(text: &str) -> Vec<Part> {
    let mut found = Vec::new();
    let mut literal = 0;
    let mut at = 0;
    while let Some(start) = text.get(at..).and_then(|rest| rest.find("${")).map(|offset| at + offset) {
        let Some(end) = text.get(start..).and_then(|rest| rest.find('}')).map(|offset| start + offset + 1) else {
            break;
        };
        let inside = start + 2..end - 1;
        at = end;
        if text.get(inside.clone()).is_some_and(|name| name.starts_with('!')) {
            found.push(Part::Literal(literal..inside.start));
            literal = inside.start + 1;
        } else if inside.is_empty() {
            continue;
        } else {
            found.push(Part::Literal(literal..start));
            found.push(Part::Variable(start..end, inside));
            literal = end;
        }
    }
    found.push(Part::Literal(literal..text.len()));
    found
}

impl Template {
    /// `Fn::Sub`, as a string or as a string with variables of its own.
    pub(super) fn substitute(&self, call: &Call<'_>, scope: &Scope) -> Value {
        let (template, own) = match call.argument.elements() {
            None => (call.argument, None),
            Some([template]) => (Argument::new(template), None),
            Some([template, own]) => (Argument::new(template), Some(own)),
            Some(_) => return self.misused(call, "a string, or a list of a string and its variables"),
        };
        // Its loop variables are variables like any others; what a macro makes is read as it is.
        let text = match template.node.as_scalar().filter(|_| template.call().is_none()) {
            Some(scalar) => document::scalar_text(scalar, self.source_of(scalar.content)),
            None => match self.argument(template, scope).map(|value| value.kind) {
                Some(Kind::Text(text)) => text,
                Some(Kind::Unknown(unknown)) => return Value::unknown_from(&unknown, Type::Text),
                _ => return self.misused(call, "a string"),
            },
        };
        let Some(template) = text.as_str() else {
            return Value::new(Kind::Text(text));
        };
        let slices = Slices::new(&text);
        let own = own.and_then(Node::as_mapping).unwrap_or_default();
        let mut texts = Vec::new();
        let mut marks = Marks::NONE;
        let mut values = Vec::new();
        for part in parts(&template) {
            let (whole, name) = match part {
                Part::Literal(range) => {
                    texts.push(slices.text(range));
                    continue;
                }
                Part::Variable(whole, name) => (whole, name),
            };
            let span = slices.span(whole).unwrap_or(call.span);
            let name = template.get(name).unwrap_or_default().trim();
            let Some(value) = self.variable(name, own, span, scope) else { continue };
            marks = marks.union(&value.deep_marks());
            match text_of(&value) {
                Some(text) => texts.push(text),
                None => {
                    let message = format!("`${{{name}}}` is no string");
                    let failed = self.fail("cfn-invalid-function", call.name, message, span);
                    texts.extend(text_of(&failed));
                }
            }
            values.push(value);
        }
        let text = match self.concat(&texts, call.span) {
            Ok(text) => text,
            Err(value) => return value.mark(&marks),
        };
        let whole = matches!(&*texts.iter().filter(|text| !is_empty(text)).collect::<Vec<_>>(), [_]);
        match (whole, <[Value; 1]>::try_from(values)) {
            // `${X}` alone is `X` itself, with all that is known of it.
            (true, Ok([value])) => Value { kind: sole_text(text), ..value }.mark(&marks),
            _ => Value::new(Kind::Text(text)).mark(&marks),
        }
    }

    /// The value of a variable of `Fn::Sub`.
    fn variable(&self, name: &str, own: &[(Node, Node)], span: Span, scope: &Scope) -> Option<Value> {
        if let Some((_, value)) = own.iter().rev().find(|(key, _)| key.as_str() == Some(name)) {
            return self.evaluate(value, scope);
        }
        match name.split_once('.') {
            Some((resource, attribute)) => Some(self.attribute(resource, attribute, span)),
            None => self.reference(name, span, scope),
        }
    }

    /// A string with the variables of the loops around it replaced: `${Name}`, and `&{Name}` for the value's letters and
    /// digits alone. `None` if there are none.
    pub(super) fn with_variables(&self, text: &Text, span: Span, scope: &Scope) -> Option<Text> {
        let known = text.as_str()?;
        scope.variables().next()?;
        if !known.contains("{") {
            return None;
        }
        let slices = Slices::new(text);
        let mut texts = Vec::new();
        let mut literal = 0;
        let mut at = 0;
        while let Some(open) = known.get(at..).and_then(|rest| rest.find('{')).map(|offset| at + offset) {
            at = open + 1;
            let before = open.checked_sub(1).and_then(|before| known.as_bytes().get(before));
            let Some(end) = known.get(open..).and_then(|rest| rest.find('}')).map(|offset| open + offset) else {
                break;
            };
            let value = known.get(open + 1..end).and_then(|name| scope.get(name)).and_then(text_of);
            let (Some(sign @ (b'$' | b'&')), Some(value)) = (before, value) else { continue };
            texts.push(slices.text(literal..open - 1));
            texts.push(match value.as_str().filter(|_| *sign == b'&') {
                Some(value) => Text::from(value.chars().filter(char::is_ascii_alphanumeric).collect::<String>()),
                None => value,
            });
            literal = end + 1;
            at = literal;
        }
        texts.push(slices.text(literal..known.len()));
        if texts.len() == 1 {
            return None;
        }
        self.concat(&texts, span).ok()
    }

    /// A key with the variables of the loops around it replaced, unknown ones by `*`. `None` if it is no scalar.
    pub(super) fn key(&self, key: &Node, scope: &Scope) -> Option<Arc<str>> {
        let scalar = key.as_scalar()?;
        let Some(text) = self.with_variables(&Text::from(&*scalar.text), key.span, scope) else {
            return Some(Arc::clone(&scalar.text));
        };
        let pieces = text.pieces().map(|piece| match piece {
            crate::text::Piece::Literal(literal) => literal.text,
            _ => "*".into(),
        });
        Some(pieces.collect::<Vec<_>>().concat().into())
    }
}

fn is_empty(text: &Text) -> bool {
    text.as_str().is_some_and(|text| text.is_empty())
}
