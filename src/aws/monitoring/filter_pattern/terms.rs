//! Patterns of words, which look at the text of an event whatever its form.

use std::fmt;

use super::parse::Reader;
use super::{Operand, PatternError};
use crate::aws::monitoring::answer::Answer;
use crate::aws::monitoring::glob::{Glob, Part};

/// Words that must stand in an event (all of them), must not (`-`), or of which one must (`?`).
#[derive(Clone, Debug, Default)]
pub struct Terms {
    all: Vec<Operand>,
    none: Vec<Operand>,
    any: Vec<Operand>,
}

pub(super) fn read(reader: &mut Reader) -> Result<Terms, PatternError> {
    let mut terms = Terms::default();
    loop {
        reader.spaces();
        if reader.peek().is_none() {
            return Ok(terms);
        }
        let list = match reader.peek() {
            Some('-') => &mut terms.none,
            Some('?') => &mut terms.any,
            _ => &mut terms.all,
        };
        if matches!(reader.peek(), Some('-' | '?')) {
            reader.next();
        }
        let start = reader.at();
        list.push(if reader.peek() == Some('%') { reader.regex()? } else { Operand::Glob(reader.term()?, true) });
        if reader.at() == start {
            return Ok(terms);
        }
    }
}

impl Terms {
    /// Whether an event's text passes. One of the words with `?` counts only where there are no others.
    pub fn matches(&self, text: &str) -> Answer {
        let all = self.all.iter().fold(Answer::Yes, |all, term| all.and(stands_in(term, text)));
        let all = self.none.iter().fold(all, |all, term| all.and(stands_in(term, text).negated()));
        if self.any.is_empty() || !self.all.is_empty() || !self.none.is_empty() {
            return all;
        }
        self.any.iter().fold(Answer::No, |any, term| any.or(stands_in(term, text)))
    }
}

fn stands_in(term: &Operand, text: &str) -> Answer {
    match term {
        Operand::Regex(_, regex) => regex.is_match(text).into(),
        Operand::Glob(glob, _) => match glob.as_str() {
            Some(word) => text.contains(&word).into(),
            None => {
                let parts = [&[Part::Star], glob.parts(), &[Part::Star]].concat();
                Glob::new(parts).matches(text, false)
            }
        },
    }
}

impl fmt::Display for Terms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut first = true;
        for (mark, terms) in [("", &self.all), ("-", &self.none), ("?", &self.any)] {
            for term in terms {
                write!(f, "{}{mark}{term}", if first { "" } else { " " })?;
                first = false;
            }
        }
        Ok(())
    }
}
