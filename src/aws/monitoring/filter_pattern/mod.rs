//! Filter patterns of CloudWatch Logs: of metric filters and subscription filters.
//!
//! The rules are those of the CloudWatch Logs user guide, "Filter pattern syntax". What the guide leaves open and AWS's
//! own test of patterns shows: a comparison with a field that an event does not have never holds, `!=` no more than `=`
//! (<https://github.com/DataBiosphere/azul/issues/5884>).

use std::cmp::Ordering;
use std::fmt;

use serde_json::Value as Json;

use super::answer::Answer;
use super::event::{Found, Step};
use super::glob::{Glob, Part};
use crate::source::Span;
use crate::value::Reason;

mod parse;
mod terms;

pub use parse::parse;
pub use terms::Terms;

/// A pattern that AWS takes.
#[derive(Clone, Debug)]
pub enum FilterPattern {
    /// The empty pattern: every event.
    All,
    /// `{ ... }`
    Json(Expression),
    /// Words that must stand in the text of an event, or must not.
    Terms(Terms),
    /// `[ ... ]`: for events that are words between spaces.
    Columns(Option<Span>),
}

/// Why there is no pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PatternError {
    /// AWS refuses it.
    Refused {
        /// What is wrong.
        message: String,
        /// Where, as near as can be told.
        span: Option<Span>,
    },
    /// Its form depends on something unknown.
    Unknown(Reason),
}

/// What stands between braces.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// All must hold.
    And(Vec<Expression>),
    /// One must hold.
    Or(Vec<Expression>),
    /// A comparison.
    Test(Test),
}

/// A comparison.
#[derive(Clone, Debug)]
pub struct Test {
    /// The field.
    pub field: Selector,
    /// What must hold of it.
    pub is: Comparison,
    /// Where the comparison is written.
    pub span: Option<Span>,
    /// Where its value, or the words after the field, are written.
    pub value_span: Option<Span>,
}

/// Two tests are the same wherever they are written.
impl PartialEq for Test {
    fn eq(&self, other: &Self) -> bool {
        self.field == other.field && self.is == other.is
    }
}

/// The field that a comparison is about: `$.userIdentity.type`.
#[derive(Clone, Debug, PartialEq)]
pub struct Selector {
    /// The way to it.
    pub path: Vec<Step>,
    /// What of it is not known.
    pub unknown: Option<Reason>,
}

/// What must hold of a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Comparison {
    /// `=`
    Equals(Operand),
    /// `!=`
    Differs(Operand),
    /// `<`, `<=`, `>`, `>=`
    Orders(Order, Number),
    /// `EXISTS`
    Exists,
    /// `NOT EXISTS`
    NotExists,
    /// `IS NULL`
    IsNull,
    /// `IS TRUE`, `IS FALSE`
    IsBool(bool),
}

/// `<` and its like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
}

/// A number to compare with.
#[derive(Clone, Debug, PartialEq)]
pub enum Number {
    /// As it is written, and what it is.
    Known(String, f64),
    /// It is not known.
    Unknown(Reason),
}

/// A value to compare with.
#[derive(Clone, Debug)]
pub enum Operand {
    /// A string, perhaps with wildcards; in quotes or not. Only one that is not in quotes may be a number.
    Glob(Glob, bool),
    /// `%...%`
    Regex(String, regex::Regex),
}

impl PartialEq for Operand {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Glob(own, quoted), Self::Glob(other, other_quoted)) => own == other && quoted == other_quoted,
            (Self::Regex(own, _), Self::Regex(other, _)) => own == other,
            _ => false,
        }
    }
}

impl FilterPattern {
    /// Whether it matches an event: as JSON and as it is written.
    pub fn matches(&self, event: &Json, text: &str) -> Answer {
        match self {
            Self::All => Answer::Yes,
            Self::Json(expression) => expression.matches(event),
            Self::Terms(terms) => terms.matches(text),
            Self::Columns(span) => {
                let why = "is for events that are words between spaces; how it takes JSON is not documented";
                Answer::Unknown(Reason::new("[...]", why, *span))
            }
        }
    }
}

impl Expression {
    /// Whether it matches an event.
    pub fn matches(&self, event: &Json) -> Answer {
        match self {
            Self::And(parts) => parts.iter().fold(Answer::Yes, |all, part| match all {
                Answer::No => Answer::No,
                all => all.and(part.matches(event)),
            }),
            Self::Or(parts) => parts.iter().fold(Answer::No, |any, part| match any {
                Answer::Yes => Answer::Yes,
                any => any.or(part.matches(event)),
            }),
            Self::Test(test) => test.matches(event),
        }
    }

    /// The tests in it, in order.
    pub fn tests(&self) -> Vec<&Test> {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().flat_map(Self::tests).collect(),
            Self::Test(test) => vec![test],
        }
    }

    /// The tests that keep it from matching an event that it does not match: fewest first.
    pub fn failing(&self, event: &Json) -> Vec<&Test> {
        match self {
            Self::And(parts) => parts.iter().flat_map(|part| part.failing(event)).collect(),
            Self::Or(parts) => {
                if parts.iter().any(|part| part.matches(event) != Answer::No) {
                    return Vec::new();
                }
                parts.iter().map(|part| part.failing(event)).min_by_key(Vec::len).unwrap_or_default()
            }
            Self::Test(test) => Some(test).filter(|test| test.matches(event) == Answer::No).into_iter().collect(),
        }
    }
}

impl Test {
    /// Whether an event passes it.
    pub fn matches(&self, event: &Json) -> Answer {
        if let Some(reason) = &self.field.unknown {
            return Answer::Unknown(reason.clone());
        }
        let found = Found::of(event).at(&self.field.path);
        if found.is_empty() {
            return Answer::from(matches!(self.is, Comparison::NotExists));
        }
        // One of several elements is enough.
        found.into_iter().fold(Answer::No, |any, found| any.or(self.is.holds(found)))
    }
}

impl Comparison {
    fn holds(&self, found: Found<'_>) -> Answer {
        let known = match found {
            Found::Missing => return Answer::from(matches!(self, Self::NotExists)),
            Found::Known(value) => value,
            Found::Any(domain) => {
                return match self {
                    Self::Equals(operand) => domain.test(|text| operand.equals_text(text), operand.only().as_deref()),
                    Self::Differs(operand) => domain.test(|text| operand.equals_text(text).negated(), None),
                    _ => Answer::Open,
                };
            }
        };
        match self {
            Self::Exists => Answer::Yes,
            Self::NotExists => Answer::No,
            Self::IsNull => known.is_null().into(),
            Self::IsBool(truth) => (known.as_bool() == Some(*truth)).into(),
            Self::Equals(operand) => operand.equals(known),
            Self::Differs(operand) => operand.equals(known).negated(),
            Self::Orders(order, number) => match (number, known.as_f64()) {
                (_, None) => Answer::No,
                (Number::Unknown(reason), _) => Answer::Unknown(reason.clone()),
                (Number::Known(_, limit), Some(value)) => order.holds(value, *limit).into(),
            },
        }
    }
}

impl Order {
    fn holds(self, value: f64, limit: f64) -> bool {
        let Some(ordering) = value.partial_cmp(&limit) else { return false };
        match self {
            Self::Less => ordering == Ordering::Less,
            Self::AtMost => ordering != Ordering::Greater,
            Self::More => ordering == Ordering::Greater,
            Self::AtLeast => ordering != Ordering::Less,
        }
    }
}

impl Operand {
    /// The one string that it matches, if there is only one.
    fn only(&self) -> Option<String> {
        match self {
            Self::Glob(glob, _) => glob.as_str(),
            Self::Regex(..) => None,
        }
    }

    fn equals_text(&self, text: &str) -> Answer {
        match self {
            Self::Glob(glob, _) => glob.matches(text, false),
            Self::Regex(_, regex) => regex.is_match(text).into(),
        }
    }

    fn equals(&self, value: &Json) -> Answer {
        let undocumented = |what: &str| {
            let why = format!("compares a string with {what}: what AWS makes of it is not documented");
            Answer::Unknown(Reason::new(self.to_string(), why, None))
        };
        match value {
            Json::String(text) => self.equals_text(text),
            Json::Number(number) => match (self, self.only()) {
                (Self::Glob(_, false), Some(own)) => match (own.parse::<f64>(), number.as_f64()) {
                    (Ok(own), Some(number)) => (own == number).into(),
                    _ => self.equals_text(&number.to_string()),
                },
                _ => self.equals_text(&number.to_string()),
            },
            Json::Bool(truth) => match self.equals_text(if *truth { "true" } else { "false" }) {
                Answer::Yes => undocumented("a truth value"),
                other => other,
            },
            Json::Null => undocumented("null"),
            Json::Array(_) | Json::Object(_) => undocumented("an object or array"),
        }
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let join = |f: &mut fmt::Formatter<'_>, parts: &[Expression], with: &str| {
            for (at, part) in parts.iter().enumerate() {
                if at > 0 {
                    write!(f, " {with} ")?;
                }
                match part {
                    Self::Test(test) => write!(f, "{test}")?,
                    group => write!(f, "({group})")?,
                }
            }
            Ok(())
        };
        match self {
            Self::And(parts) => join(f, parts, "&&"),
            Self::Or(parts) => join(f, parts, "||"),
            Self::Test(test) => write!(f, "{test}"),
        }
    }
}

impl fmt::Display for FilterPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => Ok(()),
            Self::Json(expression) => write!(f, "{{ {expression} }}"),
            Self::Terms(terms) => write!(f, "{terms}"),
            Self::Columns(_) => f.write_str("[...]"),
        }
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.field, self.is)
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("$")?;
        for step in &self.path {
            match step {
                Step::Field(name) if name.chars().all(parse::is_name) => write!(f, ".{name}")?,
                Step::Field(name) => write!(f, "['{name}']")?,
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Each => f.write_str("[*]")?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Equals(operand) => write!(f, "= {operand}"),
            Self::Differs(operand) => write!(f, "!= {operand}"),
            Self::Orders(order, number) => {
                let sign = match order {
                    Order::Less => "<",
                    Order::AtMost => "<=",
                    Order::More => ">",
                    Order::AtLeast => ">=",
                };
                match number {
                    Number::Known(text, _) => write!(f, "{sign} {text}"),
                    Number::Unknown(reason) => write!(f, "{sign} ${{{}}}", reason.missing),
                }
            }
            Self::Exists => f.write_str("EXISTS"),
            Self::NotExists => f.write_str("NOT EXISTS"),
            Self::IsNull => f.write_str("IS NULL"),
            Self::IsBool(true) => f.write_str("IS TRUE"),
            Self::IsBool(false) => f.write_str("IS FALSE"),
        }
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (glob, quoted) = match self {
            Self::Glob(glob, quoted) => (glob, *quoted),
            Self::Regex(text, _) => return write!(f, "%{text}%"),
        };
        let quote = if quoted { "\"" } else { "" };
        f.write_str(quote)?;
        for part in glob.parts() {
            match part {
                Part::Char(char @ ('"' | '\\')) if quoted => write!(f, "\\{char}")?,
                Part::Char(char) => write!(f, "{char}")?,
                Part::Star => f.write_str("*")?,
                Part::Hole(reason) => write!(f, "${{{}}}", reason.missing)?,
            }
        }
        f.write_str(quote)
    }
}

#[cfg(test)]
mod tests;
