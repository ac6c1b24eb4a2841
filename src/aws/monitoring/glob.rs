//! Strings with wildcards and unknown parts, as both pattern languages have them.

use super::answer::Answer;
use crate::text::{Piece, Text};
use crate::value::Reason;

/// A string to compare with: characters, wildcards, parts that are not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob(Vec<Part>);

/// A part of a [`Glob`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// This character.
    Char(char),
    /// Any characters.
    Star,
    /// Characters that are not known; they may hold wildcards.
    Hole(Reason),
}

impl Glob {
    /// The parts one after the other.
    pub fn new(parts: Vec<Part>) -> Self {
        Self(parts)
    }

    /// A string without wildcards.
    pub fn literal(text: &Text) -> Self {
        let mut parts = Vec::new();
        for piece in text.flattened().pieces() {
            match piece {
                Piece::Literal(literal) => parts.extend(literal.text.chars().map(Part::Char)),
                Piece::Unknown(unknown) => parts.push(Part::Hole(unknown.reason.clone())),
                Piece::Encoded(_) => {}
            }
        }
        Self(parts)
    }

    /// The parts.
    pub fn parts(&self) -> &[Part] {
        &self.0
    }

    /// The string, if it has no wildcards and all of it is known.
    pub fn as_str(&self) -> Option<String> {
        let char = |part: &Part| match part {
            Part::Char(char) => Some(*char),
            _ => None,
        };
        self.0.iter().map(char).collect()
    }

    /// Whether it matches a string. Takes time in proportion to the product of both lengths at most.
    pub fn matches(&self, text: &str, ignore_case: bool) -> Answer {
        let same = |part: &Part, char: char| match part {
            Part::Char(own) if ignore_case => own.eq_ignore_ascii_case(&char),
            Part::Char(own) => *own == char,
            _ => false,
        };
        let text: Vec<char> = text.chars().collect();
        let (mut part, mut at) = (0, 0);
        // Where to go on if what follows the last wildcard does not fit: the last wildcard takes one character more.
        let mut retry: Option<(usize, usize)> = None;
        while let Some(char) = text.get(at) {
            match self.0.get(part) {
                Some(Part::Star | Part::Hole(_)) => {
                    retry = Some((part + 1, at));
                    part += 1;
                }
                Some(own) if same(own, *char) => {
                    part += 1;
                    at += 1;
                }
                _ => match retry.as_mut() {
                    Some((after, from)) => {
                        *from += 1;
                        (part, at) = (*after, *from);
                    }
                    None => return Answer::No,
                },
            }
        }
        let rest = self.0.get(part..).unwrap_or_default();
        if rest.iter().any(|part| matches!(part, Part::Char(_))) {
            return Answer::No;
        }
        let hole = self.0.iter().find_map(|part| match part {
            Part::Hole(reason) => Some(reason.clone()),
            _ => None,
        });
        hole.map_or(Answer::Yes, Answer::Unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glob(text: &str) -> Glob {
        let part = |char| match char {
            '*' => Part::Star,
            '?' => Part::Hole(Reason::new("var.x", "has no value", None)),
            char => Part::Char(char),
        };
        Glob::new(text.chars().map(part).collect())
    }

    #[test]
    fn wildcards_take_any_characters() {
        for (pattern, text) in [
            ("Root", "Root"),
            ("*", ""),
            ("R*t", "Root"),
            ("R*t", "Rt"),
            ("*:root", "arn:aws:iam::1:root"),
            ("a*b*c", "a-b-b-c"),
            ("**", "x"),
        ] {
            assert_eq!(glob(pattern).matches(text, false), Answer::Yes, "{pattern} {text}");
        }
        for (pattern, text) in [("Root", "root"), ("R*t", "Roots"), ("", "x"), ("a*b*c", "a-c-b"), ("xy", "x")] {
            assert_eq!(glob(pattern).matches(text, false), Answer::No, "{pattern} {text}");
        }
        assert_eq!(glob("ROOT").matches("root", true), Answer::Yes);
    }

    #[test]
    fn unknown_parts_leave_it_open_only_where_they_could_fit() {
        assert!(matches!(glob("R?t").matches("Root", false), Answer::Unknown(_)));
        assert_eq!(glob("R?x").matches("Root", false), Answer::No);
        assert!(matches!(glob("?").matches("", false), Answer::Unknown(_)));
    }

    #[test]
    fn many_wildcards_take_no_exponential_time() {
        let pattern = glob(&"a*".repeat(500));
        assert_eq!(pattern.matches(&format!("{}b", "a".repeat(20_000)), false), Answer::Yes);
        assert_eq!(glob(&format!("{}b", "a*".repeat(200))).matches(&"a".repeat(2_000), false), Answer::No);
    }
}
