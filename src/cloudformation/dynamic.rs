//! Dynamic references (`{{resolve:ssm:/path}}`): the deployment replaces them in the final properties.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html>

use std::sync::Arc;

use crate::document::Slices;
use crate::source::Span;
use crate::text::{Piece, Text};
use crate::types::Type;
use crate::value::{Fields, Kind, Reason, Symbol, Unknown, Value};

const OPEN: &str = "{{resolve:";

/// The value with every dynamic reference in it unknown.
pub(super) fn resolve(value: Value, project: &Arc<str>) -> Value {
    let all = |values: &[Value]| Arc::new(values.iter().map(|value| resolve(value.clone(), project)).collect());
    let kind = match &value.kind {
        Kind::Text(text) => match replaced(text, value.origin.span, project) {
            Some(text) => super::functions::sole_text(text),
            None => return value,
        },
        Kind::Tuple(values) if values.iter().any(mentions) => Kind::Tuple(all(values)),
        Kind::Object(fields) if fields.values().any(mentions) => {
            let mut resolved = Fields::clone(fields);
            for (name, field) in fields.fields() {
                resolved.replace(Arc::clone(name), field.key_span, resolve(field.value.clone(), project));
            }
            Kind::Object(Arc::new(resolved))
        }
        _ => return value,
    };
    Value { kind, ..value }
}

/// Whether there may be a dynamic reference in a value.
fn mentions(value: &Value) -> bool {
    match &value.kind {
        Kind::Text(text) => text.pieces().any(|piece| match piece {
            Piece::Literal(literal) => literal.text.contains("{{"),
            _ => false,
        }),
        Kind::Tuple(values) => values.iter().any(mentions),
        Kind::Object(fields) => fields.values().any(mentions),
        _ => false,
    }
}

/// The string with each dynamic reference replaced by an unknown; `None` if there is none.
fn replaced(text: &Text, span: Option<Span>, project: &Arc<str>) -> Option<Text> {
    if let Some(whole) = text.as_str() {
        if !whole.contains(OPEN) {
            return None;
        }
        let mut texts = Vec::new();
        let slices = Slices::new(text);
        let mut at = 0;
        while let Some(start) = whole.get(at..).and_then(|rest| rest.find(OPEN)).map(|offset| at + offset) {
            let Some(end) = whole.get(start..).and_then(|rest| rest.find("}}")).map(|offset| start + offset + 2) else {
                break;
            };
            texts.push(slices.text(at..start));
            let place = slices.span(start..end).or(span);
            texts.push(reference(whole.get(start..end).unwrap_or_default(), place, Some(project)));
            at = end;
        }
        if texts.is_empty() {
            return None;
        }
        texts.push(slices.text(at..whole.len()));
        return Some(Text::concat(&texts));
    }
    // With parts unknown, what lies between the brackets is unknown as a whole.
    let mut pieces = Vec::new();
    let mut inside = false;
    let mut any = false;
    for piece in text.pieces() {
        let Piece::Literal(literal) = &piece else {
            pieces.extend((!inside).then_some(piece));
            continue;
        };
        let part = Slices::new(&Text::from_pieces([Piece::Literal(literal.clone())]));
        let mut at = 0;
        loop {
            let rest = literal.text.get(at..).unwrap_or_default();
            let (mark, skip) = if inside { ("}}", 2) } else { (OPEN, 0) };
            let found = rest.find(mark).map(|offset| at + offset);
            if !inside {
                pieces.extend(part.text(at..found.unwrap_or(literal.text.len())).pieces());
            }
            let Some(found) = found else { break };
            if !inside {
                any = true;
                pieces.extend(reference("{{resolve:...}}", span, None).pieces());
            }
            inside = !inside;
            at = found + skip;
        }
    }
    any.then(|| Text::from_pieces(pieces))
}

/// The unknown that a dynamic reference is: the same wherever it is written out in full.
fn reference(text: &str, span: Option<Span>, project: Option<&Arc<str>>) -> Text {
    let symbol = project.map(|project| Symbol {
        project: Arc::clone(project),
        address: text.into(),
        kind: "AWS::CloudFormation::DynamicReference".into(),
        attribute: "Value".into(),
    });
    let reason = Reason::new(text, "is resolved at deployment", span);
    Text::unknown(Arc::new(Unknown { ty: Type::Text, not_null: true, symbol, among: None, reason }))
}
