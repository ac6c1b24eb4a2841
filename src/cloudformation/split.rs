//! Splitting strings that are known in parts only.

use std::sync::Arc;

use crate::document::Slices;
use crate::text::{Piece, Text};
use crate::value::Unknown;

/// Pseudo parameters and the characters that their values are made of, beside letters and digits.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html>
const ALPHABETS: [(&str, &str); 5] = [
    ("AWS::AccountId", ""),
    ("AWS::Partition", "-"),
    ("AWS::Region", "-"),
    ("AWS::StackName", "-"),
    ("AWS::URLSuffix", ".-"),
];

/// Whether an unknown certainly does not hold `separator`, nor a part of it.
fn is_free_of(unknown: &Unknown, separator: char) -> bool {
    let Some(symbol) = &unknown.symbol else { return false };
    let alphabet = ALPHABETS.iter().find(|(name, _)| *name == &*symbol.address).map(|(_, others)| others);
    alphabet.is_some_and(|others| !separator.is_alphanumeric() && !others.contains(separator))
}

/// The parts of a string between separators. With an unknown part that may hold separators itself, those that are
/// complete before it, and that unknown.
pub(super) fn split(text: &Text, separator: &str) -> (Vec<Text>, Option<Arc<Unknown>>) {
    let mut chars = separator.chars();
    let single = chars.next().filter(|_| chars.next().is_none());
    let mut parts = Vec::new();
    let mut current: Vec<Piece> = Vec::new();
    let mut run: Vec<Piece> = Vec::new();
    for piece in text.flattened().pieces() {
        match piece {
            Piece::Unknown(unknown) => {
                cut(&mut run, separator, &mut current, &mut parts);
                if !single.is_some_and(|separator| is_free_of(&unknown, separator)) {
                    return (parts, Some(unknown));
                }
                current.push(Piece::Unknown(unknown));
            }
            literal => run.push(literal),
        }
    }
    cut(&mut run, separator, &mut current, &mut parts);
    parts.push(Text::from_pieces(current));
    (parts, None)
}

/// Cuts known characters: what is before a separator completes the current part.
fn cut(run: &mut Vec<Piece>, separator: &str, current: &mut Vec<Piece>, parts: &mut Vec<Text>) {
    let text = Text::from_pieces(run.drain(..));
    let slices = Slices::new(&text);
    let known = text.as_str().unwrap_or_default();
    let mut at = 0;
    for (index, part) in known.split(separator).enumerate() {
        if index > 0 {
            parts.push(Text::from_pieces(current.drain(..)));
        }
        current.extend(slices.text(at..at + part.len()).pieces());
        at += part.len() + separator.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Type;
    use crate::value::{Reason, Symbol};

    fn text(pieces: &[&str]) -> Text {
        Text::from_pieces(pieces.iter().flat_map(|piece| match piece.strip_prefix('$') {
            Some(name) => {
                let symbol =
                    Symbol { project: "t".into(), address: name.into(), kind: "k".into(), attribute: "Ref".into() };
                let reason = Reason::new(name, "is unknown", None);
                let unknown = Unknown { ty: Type::Text, not_null: true, symbol: Some(symbol), among: None, reason };
                vec![Piece::Unknown(Arc::new(unknown))]
            }
            None => Text::from(*piece).pieces().collect(),
        }))
    }

    #[test]
    fn parts_are_known_as_far_as_they_can_be() {
        for (pieces, separator, expected, open) in [
            (&["a,b,,c"][..], ",", &["a", "b", "", "c"][..], false),
            (&[""], ",", &[""], false),
            (&["a--", "-b"], "--", &["a", "-b"], false),
            (&["a-", "-b"], "--", &["a", "b"], false),
            (&["a,b", "$X", ",c"], ",", &["a"], true),
            (&["$X", ",c"], ",", &[], true),
            (
                &["arn:", "$AWS::Partition", ":iam::", "$AWS::AccountId", ":root"],
                ":",
                &["arn", "${AWS::Partition}", "iam", "", "${AWS::AccountId}", "root"],
                false,
            ),
            (&["a-", "$AWS::Region"], "-", &["a"], true),
            (&["a.", "$AWS::Region", ".b"], "r", &[], true),
            (&["a:", "$AWS::AccountId", ":b"], "::", &[], true),
            (&["a:", "$AWS::StackId"], ":", &["a"], true),
        ] {
            let (parts, rest) = split(&text(pieces), separator);
            let shown: Vec<String> = parts.iter().map(|part| format!("{part:?}")).collect();
            let expected: Vec<String> = expected.iter().map(|part| format!("\"{part}\"")).collect();
            assert_eq!((shown, rest.is_some()), (expected, open), "{pieces:?} at {separator}");
        }
    }
}
