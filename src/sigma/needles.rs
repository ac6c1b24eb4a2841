//! What the text of an event must hold if a rule is to match it: a cheap look before the event is parsed.
//!
//! The look may only ever let too many events through. JSON can write a character in several ways, so a text with `\u` or
//! with other than ASCII characters is always let through, and only characters that have no other escape are looked for.

use regex::bytes::{Regex, RegexBuilder};

use super::matching::{Expression, Test};
use super::pattern::Pattern;

/// Shorter texts are everywhere.
const SHORTEST: usize = 3;

/// How large the search may be once it is compiled.
const REGEX_BYTES: usize = 16 << 20;

/// Texts of which a matching event has at least one.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(super) struct Needles {
    /// Regular expressions.
    texts: Vec<String>,
    /// How rare they are likely to be.
    weight: usize,
}

/// The events that are worth to be parsed.
#[derive(Clone, Debug)]
pub struct Filter {
    search: Option<Regex>,
    none: bool,
}

impl Filter {
    /// A filter that lets through what some rule may match.
    pub(super) fn new<'e>(expressions: impl Iterator<Item = &'e Expression>) -> Self {
        let mut choices: Vec<Vec<Needles>> = expressions.map(needles).collect();
        let none = choices.is_empty();
        // Rules that leave a choice take what another one looks for anyway.
        choices.sort_by_key(Vec::len);
        let mut texts: Vec<String> = Vec::new();
        for choice in choices {
            let is_taken = |needles: &Needles| needles.texts.iter().all(|text| texts.contains(text));
            let Some(best) = choice.iter().find(|needles| is_taken(needles)).or_else(|| rarest(&choice)) else {
                return Self { search: None, none };
            };
            for text in &best.texts {
                if !texts.contains(text) {
                    texts.push(text.clone());
                }
            }
        }
        let regex =
            RegexBuilder::new(&texts.join("|")).case_insensitive(true).unicode(false).size_limit(REGEX_BYTES).build();
        Self { search: regex.ok(), none }
    }

    /// Whether an event has to be looked at.
    pub fn admits(&self, event: &[u8]) -> bool {
        match &self.search {
            _ if self.none => false,
            Some(search) => {
                search.is_match(event) || !event.is_ascii() || memchr::memmem::find(event, b"\\u").is_some()
            }
            None => true,
        }
    }
}

fn rarest(choices: &[Needles]) -> Option<&Needles> {
    choices.iter().max_by_key(|needles| needles.weight)
}

/// Sets of texts: an event that matches has one of each set. None at all is no requirement.
fn needles(expression: &Expression) -> Vec<Needles> {
    match expression {
        Expression::Field(field, test) => {
            let text = match test {
                Test::Null | Test::Exists(false) => return Vec::new(),
                Test::Text(pattern) => in_value(pattern),
                _ => None,
            };
            // The name of the field, at least: of one inside others, the last name.
            let name = || {
                let name =
                    field.0.rsplit('.').next().filter(|name| name.len() >= SHORTEST && name.chars().all(is_plain))?;
                Some(Needles { texts: vec![regex::escape(name)], weight: 0 })
            };
            text.or_else(name).into_iter().collect()
        }
        Expression::Keyword(pattern) => in_value(pattern).into_iter().collect(),
        Expression::And(parts) => parts.iter().flat_map(|part| needles(part)).collect(),
        Expression::Or(parts) => {
            let mut all = Needles { texts: Vec::new(), weight: usize::MAX };
            for part in parts {
                let choices = needles(part);
                let Some(best) = rarest(&choices) else { return Vec::new() };
                all.texts.extend(best.texts.iter().cloned());
                all.weight = all.weight.min(best.weight);
            }
            if parts.is_empty() { Vec::new() } else { vec![all] }
        }
        Expression::Not(_) => Vec::new(),
    }
}

/// Whether a character is always written as itself, wherever it stands in a value.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '@' | '=')
}

fn in_value(pattern: &Pattern) -> Option<Needles> {
    // Numbers and the like have no quotes, and 1.0 may be 1.
    let is_bare = |text: &str| text.parse::<f64>().is_ok() || matches!(text, "true" | "false" | "null");
    if let Some(text) = pattern.only() {
        let is_text = |c: char| is_plain(c) || matches!(c, ' ' | ':' | ',' | '(' | ')' | '*');
        if text.len() >= SHORTEST && text.chars().all(is_text) && !is_bare(text) {
            // In the answer of `lookup-events` quotes are escaped.
            let weight = if text.ends_with(".amazonaws.com") { 1 } else { 2 * text.len() };
            return Some(Needles { texts: vec![format!("\"{}\\\\?\"", regex::escape(text))], weight });
        }
    }
    let stretches = pattern.stretches();
    let runs = stretches.iter().flat_map(|stretch| stretch.split(|c| !is_plain(c)));
    let longest = runs.max_by_key(|run| run.len()).filter(|run| run.len() >= SHORTEST)?;
    Some(Needles { texts: vec![regex::escape(longest)], weight: longest.len() })
}
