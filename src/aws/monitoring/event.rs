//! Events: what CloudTrail writes, as JSON, and kinds of events, in which some values may be anything.
//!
//! A kind is an event with objects `{"$any": {...}}` in the place of values that differ from event to event. What such a
//! value may be is said inside: `in` lists all that there are, `like` is a wildcard for them, `not` lists exceptions.

use serde_json::Value as Json;

use super::answer::Answer;
use super::glob::{Glob, Part};

/// The mark of a value that may be anything.
const ANY: &str = "$any";

/// What stands at a path of an event.
#[derive(Clone, Copy, Debug)]
pub enum Found<'e> {
    /// Nothing.
    Missing,
    /// This.
    Known(&'e Json),
    /// Anything of this domain.
    Any(Domain<'e>),
}

/// What a value may be.
#[derive(Clone, Copy, Debug)]
pub struct Domain<'e>(&'e Json);

/// A step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A field.
    Field(String),
    /// An element, counted from 0.
    Index(usize),
    /// Every element, or every field.
    Each,
}

impl<'e> Found<'e> {
    /// What a value of an event is.
    pub fn of(value: &'e Json) -> Self {
        match value.get(ANY) {
            Some(domain) => Self::Any(Domain(domain)),
            None => Self::Known(value),
        }
    }

    /// The field of an object; inside anything is anything.
    pub fn field(self, name: &str) -> Self {
        match self {
            Self::Known(value) => value.get(name).map_or(Self::Missing, Self::of),
            other => other.inside(),
        }
    }

    fn inside(self) -> Self {
        match self {
            Self::Any(_) => Self::Any(Domain(&Json::Null)),
            other => other,
        }
    }

    /// Everything that stands at a path.
    pub fn at(self, path: &[Step]) -> Vec<Self> {
        let mut found = vec![self];
        for step in path {
            let next = |value: &Self| match (step, *value) {
                (Step::Field(name), value) => vec![value.field(name)],
                (Step::Index(index), Self::Known(value)) => {
                    vec![value.get(index).map_or(Self::Missing, Self::of)]
                }
                (Step::Each, Self::Known(Json::Array(elements))) => elements.iter().map(Self::of).collect(),
                (Step::Each, Self::Known(Json::Object(fields))) => fields.values().map(Self::of).collect(),
                (Step::Each, Self::Known(_)) => Vec::new(),
                (_, value) => vec![value.inside()],
            };
            found = found.iter().flat_map(next).collect();
        }
        found
    }
}

impl<'e> Domain<'e> {
    fn strings(self, key: &str) -> Option<Vec<&'e str>> {
        Some(self.0.get(key)?.as_array()?.iter().filter_map(Json::as_str).collect())
    }

    /// How a test of strings comes out for the values there may be. `only` is the one string that passes it, if there is
    /// only one.
    pub fn test(self, test: impl Fn(&str) -> Answer, only: Option<&str>) -> Answer {
        if let Some(all) = self.strings("in") {
            return Answer::merged(all.into_iter().map(test)).unwrap_or(Answer::Open);
        }
        let refused = only.is_some_and(|only| {
            let like = self.0.get("like").and_then(Json::as_str).map(wildcards);
            self.strings("not").is_some_and(|not| not.contains(&only))
                || like.is_some_and(|like| like.matches(only, false) == Answer::No)
        });
        if refused { Answer::No } else { Answer::Open }
    }

    /// The domain in words.
    pub fn describe(self) -> String {
        match (self.strings("in"), self.0.get("like").and_then(Json::as_str)) {
            (Some(all), _) => {
                let all: Vec<String> = all.iter().map(|one| format!("\"{one}\"")).collect();
                all.join(" or ")
            }
            (None, Some(like)) => format!("like \"{like}\""),
            (None, None) => match self.strings("not") {
                Some(not) => format!("never \"{}\"", not.join("\" or \"")),
                None => "anything".into(),
            },
        }
    }
}

fn wildcards(pattern: &str) -> Glob {
    Glob::new(pattern.chars().map(|char| if char == '*' { Part::Star } else { Part::Char(char) }).collect())
}
