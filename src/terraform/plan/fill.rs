//! Fills what is unknown in a value of the code with what a plan says of it.

use std::sync::Arc;

use crate::convert::convert;
use crate::document;
use crate::text::{Encoded, Literal, Piece, Text};
use crate::types::Type;
use crate::value::{Fields, Kind, Value, Via};

/// How deep values are looked into.
const MAX_DEPTH: usize = 64;

/// The value with what is not known in it taken from the plan's. What the code says stays, and so do its places: what is
/// filled in was written in the plan, but is used where the code is.
pub(super) fn filled(ours: &Value, planned: &Value, plan: &Arc<str>) -> Value {
    Filler { plan }.value(ours, planned, 0)
}

struct Filler<'f> {
    plan: &'f Arc<str>,
}

impl Filler<'_> {
    fn value(&self, ours: &Value, planned: &Value, depth: usize) -> Value {
        if depth > MAX_DEPTH || ours.is_wholly_known() {
            return ours.clone();
        }
        let kind = match (&ours.kind, &planned.kind) {
            (_, Kind::Unknown(_)) => return ours.clone(),
            (Kind::Unknown(unknown), _) => return self.whole(ours, planned, &unknown.ty),
            (Kind::Text(text), Kind::Text(_)) if text.sole_unknown().is_some() => {
                return self.whole(ours, planned, &Type::Text);
            }
            (Kind::Text(text), Kind::Text(known)) => match self.text(text, known, depth) {
                Some(text) => Kind::Text(text),
                None => return ours.clone(),
            },
            (Kind::Tuple(a), _) => match self.elements(a, planned, depth) {
                Some(all) => Kind::Tuple(all),
                None => return ours.clone(),
            },
            (Kind::List(ty, a), _) => match self.elements(a, planned, depth) {
                Some(all) => Kind::List(ty.clone(), all),
                None => return ours.clone(),
            },
            // Elements of sets have no order to go by: the one that is not known is what is left of the others.
            (Kind::Set(ty, a), _) => match self.members(a, planned) {
                Some(all) => Kind::Set(ty.clone(), Arc::new(all)),
                None => return ours.clone(),
            },
            (Kind::Object(a), _) => Kind::Object(self.fields(a, planned, depth)),
            (Kind::Map(ty, a), _) => Kind::Map(ty.clone(), self.fields(a, planned, depth)),
            _ => return ours.clone(),
        };
        Value { kind, origin: ours.origin.clone(), marks: ours.marks.clone().union(&planned.marks) }
    }

    /// What the plan says, used where the unknown stands.
    fn whole(&self, ours: &Value, planned: &Value, ty: &Type) -> Value {
        let value = convert(planned, ty).unwrap_or_else(|_| planned.clone());
        let origin = match planned.origin.span {
            Some(span) => ours.origin.then(Via::File(Arc::clone(self.plan)), span),
            None => ours.origin.clone(),
        };
        value.with_origin(origin).mark(&ours.marks)
    }

    fn elements(&self, ours: &[Value], planned: &Value, depth: usize) -> Option<Arc<Vec<Value>>> {
        let planned = planned.elements()?;
        let filled = ours.iter().zip(planned).map(|(a, b)| self.value(a, b, depth + 1)).collect();
        (ours.len() == planned.len()).then(|| Arc::new(filled))
    }

    fn members(&self, ours: &[Value], planned: &Value) -> Option<Vec<Value>> {
        let planned = planned.elements()?;
        let is_known = |value: &&Value| value.as_str().is_some();
        let mut rest: Vec<&Value> = planned.iter().filter(is_known).collect();
        for known in ours.iter().filter(is_known) {
            rest.retain(|value| value.as_str() != known.as_str());
        }
        let open: Vec<&Value> = ours.iter().filter(|value| value.as_unknown().is_some()).collect();
        let ([open], [found]) = (open.as_slice(), rest.as_slice()) else { return None };
        let filled = self.value(open, found, 0);
        let swap = |value: &Value| if value.as_unknown().is_some() { filled.clone() } else { value.clone() };
        (ours.len() == planned.len()).then(|| ours.iter().map(swap).collect())
    }

    fn fields(&self, ours: &Fields, planned: &Value, depth: usize) -> Arc<Fields> {
        let mut all = ours.clone();
        for (key, field) in ours.fields() {
            if let Some(planned) = planned.fields().and_then(|fields| fields.get(key)) {
                all.replace(Arc::clone(key), field.key_span, self.value(&field.value, planned, depth + 1));
            }
        }
        Arc::new(all)
    }

    /// A partly known text: what stands between its known parts in the plan's text.
    fn text(&self, ours: &Text, planned: &Text, depth: usize) -> Option<Text> {
        if let Some(encoded) = ours.as_encoded() {
            let value = Value::new(Kind::Text(planned.clone()));
            let document = document::read(&value).ok()?;
            let value = self.value(&encoded.value, &document, depth + 1);
            // The characters are the plan's; what the document says is known with its places in the code.
            let text = self.text(&encoded.text, planned, depth + 1).unwrap_or_else(|| planned.flattened());
            return Some(Text::from_pieces([Piece::Encoded(Arc::new(Encoded { value, text }))]));
        }
        let whole = planned.as_str()?;
        let mut rest: &str = &whole;
        let mut pieces: Vec<Piece> = Vec::new();
        let ours: Vec<Piece> = ours.flattened().pieces().collect();
        let mut open = false;
        let last = ours.len().checked_sub(1)?;
        for (index, piece) in ours.iter().enumerate() {
            let Piece::Literal(literal) = piece else {
                // Two unknowns side by side cannot be told apart.
                if open {
                    return None;
                }
                open = true;
                continue;
            };
            if open {
                let at = if index == last {
                    rest.len().checked_sub(literal.text.len())?
                } else {
                    rest.find(&*literal.text)?
                };
                let (found, after) = rest.split_at_checked(at)?;
                pieces.push(between(found));
                rest = after;
                open = false;
            }
            rest = rest.strip_prefix(&*literal.text)?;
            pieces.push(piece.clone());
        }
        if open {
            pieces.push(between(rest));
        } else if !rest.is_empty() {
            return None;
        }
        Some(Text::from_pieces(pieces))
    }
}

fn between(text: &str) -> Piece {
    Piece::Literal(Literal { text: text.into(), span: None, exact: false })
}
