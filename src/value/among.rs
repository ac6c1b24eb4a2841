//! Values of which only a few are possible.

use std::sync::Arc;

use super::{Kind, Unknown, Value};
use crate::text::{Piece, Text};
use crate::types::Type;

/// How many alternatives are looked at.
const MAX_ALTERNATIVES: usize = 256;

/// How often an alternative may itself be a choice.
const MAX_DEPTH: usize = 8;

impl Value {
    /// An unknown that is certainly one of `among`.
    pub fn one_of(unknown: Unknown, among: Vec<Value>) -> Self {
        let among = (1..=MAX_ALTERNATIVES).contains(&among.len()).then(|| Arc::from(among));
        Self::new(Kind::Unknown(Arc::new(Unknown { among, ..unknown })))
    }

    /// The values of which this is certainly one, more perhaps than can be; `None` if nothing is known of them or they
    /// are too many. An alternative may still be unknown in parts. Each has this value's marks too.
    pub fn alternatives(&self) -> Option<Vec<Self>> {
        let mut found = Vec::new();
        self.expand(0, &mut found).then(|| found.into_iter().map(|value: Self| value.mark(&self.marks)).collect())
    }

    /// Adds the alternatives; whether there were any and few enough.
    fn expand(&self, depth: usize, found: &mut Vec<Self>) -> bool {
        match &self.kind {
            Kind::Unknown(unknown) => {
                let Some(among) = unknown.among.as_ref().filter(|_| depth < MAX_DEPTH) else { return false };
                among.iter().all(|value| {
                    if !value.expand(depth + 1, found) {
                        found.push(value.clone());
                    }
                    found.len() <= MAX_ALTERNATIVES
                })
            }
            Kind::Text(text) => {
                let Some(texts) = texts(text, depth) else { return false };
                found.extend(texts.into_iter().map(|text| Self { kind: Kind::Text(text), ..self.clone() }));
                found.len() <= MAX_ALTERNATIVES
            }
            _ => false,
        }
    }
}

/// The strings that come of a string by putting each alternative in the place of the part that is one of them.
fn texts(text: &Text, depth: usize) -> Option<Vec<Text>> {
    let mut all = vec![Vec::new()];
    let mut any = false;
    for piece in text.flattened().pieces() {
        let choices: Vec<Vec<Piece>> = match &piece {
            Piece::Unknown(unknown) if unknown.among.is_some() => {
                any = true;
                let mut values = Vec::new();
                if !Value::new(Kind::Unknown(Arc::clone(unknown))).expand(depth + 1, &mut values) {
                    return None;
                }
                values.iter().map(as_pieces).collect::<Option<_>>()?
            }
            _ => vec![vec![piece]],
        };
        if all.len() * choices.len() > MAX_ALTERNATIVES {
            return None;
        }
        let longer = |begun: &Vec<Piece>| {
            let begun = begun.clone();
            choices.iter().map(move |choice| begun.iter().chain(choice).cloned().collect()).collect::<Vec<Vec<Piece>>>()
        };
        all = all.iter().flat_map(longer).collect();
    }
    any.then(|| all.into_iter().map(Text::from_pieces).collect())
}

/// A scalar as a part of a string.
fn as_pieces(value: &Value) -> Option<Vec<Piece>> {
    match &value.kind {
        Kind::Text(text) => Some(text.pieces().collect()),
        Kind::Bool(truth) => Some(Text::from(truth.to_string()).pieces().collect()),
        Kind::Number(number) => Some(Text::from(number.to_string()).pieces().collect()),
        Kind::Unknown(unknown) if unknown.ty == Type::Text => Some(vec![Piece::Unknown(Arc::clone(unknown))]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{Marks, Reason};

    fn unknown(name: &str) -> Unknown {
        let reason = Reason::new(name, "has no value", None);
        Unknown { ty: Type::Text, not_null: true, symbol: None, among: None, reason }
    }

    fn among(values: &[Value]) -> Value {
        Value::one_of(unknown("x"), values.to_vec())
    }

    fn shown(value: &Value) -> Option<Vec<String>> {
        let shown = |value: &Value| match &value.kind {
            Kind::Text(text) => format!("{text:?}"),
            Kind::Unknown(unknown) => format!("?{}", unknown.reason.missing),
            other => format!("{other:?}"),
        };
        value.alternatives().map(|values| values.iter().map(shown).collect())
    }

    #[test]
    fn a_choice_within_a_choice_is_one_choice() {
        let open = Value::new(Kind::Unknown(Arc::new(unknown("y"))));
        let inner = among(&[Value::text("a"), open]);
        assert_eq!(shown(&among(&[inner, Value::text("b")])).unwrap(), ["\"a\"", "?y", "\"b\""]);
        assert_eq!(shown(&Value::text("a")), None);
        assert_eq!(shown(&Value::new(Kind::Unknown(Arc::new(unknown("y"))))), None);
    }

    #[test]
    fn parts_of_a_string_are_chosen_each_for_itself() {
        let choice = among(&[Value::text("a"), Value::bool(true)]).as_unknown().unwrap();
        let pieces = [Piece::Unknown(Arc::clone(&choice)), Text::from("-").pieces().next().unwrap()];
        let text = Value::new(Kind::Text(Text::from_pieces(pieces.into_iter().chain([Piece::Unknown(choice)]))));
        let all = shown(&text.mark(&Marks::SECRET)).unwrap();
        assert_eq!(all, ["\"a-a\"", "\"a-true\"", "\"true-a\"", "\"true-true\""]);
        assert!(among(&[Value::text("a")]).mark(&Marks::SECRET).alternatives().unwrap()[0].marks.is_hidden());
    }

    #[test]
    fn too_many_are_as_good_as_any() {
        let many = |count: usize| (0..count).map(|n| Value::text(n.to_string())).collect::<Vec<_>>();
        assert_eq!(shown(&among(&many(256))).unwrap().len(), 256);
        assert_eq!(shown(&among(&many(257))), None);
        let some = among(&many(17)).as_unknown().unwrap();
        let square = Text::from_pieces([Piece::Unknown(Arc::clone(&some)), Piece::Unknown(some)]);
        assert_eq!(shown(&Value::new(Kind::Text(square))), None);
    }
}
