//! Whether an event reaches somebody, and the link of the chain that breaks.

use super::answer::Answer;
use crate::source::Span;
use crate::value::{Reason, Value};

/// Whether an event reaches somebody by one way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It does.
    Yes,
    /// It does not.
    No(Break),
    /// It depends on something that is not known.
    Unsure(Reason),
}

/// The link that breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Break {
    /// What is wrong, as a clause: ``the rule `aws_cloudwatch_event_rule.r` is disabled``.
    pub why: String,
    /// Where.
    pub span: Option<Span>,
    /// Whether no event at all gets past it.
    pub always: bool,
    /// What would mend it, if it existed outside the scan.
    pub unless: Option<Reason>,
    /// Whether only the Region is wrong: the same code may well be deployed in the right one, too.
    pub of_region: bool,
}

impl Break {
    /// A link that some events get past.
    pub fn some(why: impl Into<String>, span: Option<Span>) -> Self {
        Self { why: why.into(), span, always: false, unless: None, of_region: false }
    }

    /// A link that no event gets past.
    pub fn always(why: impl Into<String>, span: Option<Span>) -> Self {
        Self { always: true, ..Self::some(why, span) }
    }

    /// The same, unless something of this kind is outside the scan.
    #[must_use]
    pub fn unless(mut self, reason: Reason) -> Self {
        self.unless = Some(reason);
        self
    }
}

impl Seen {
    /// That something is not known.
    pub fn unsure(value: &Value) -> Option<Self> {
        value.first_unknown().map(|unknown| Self::Unsure(unknown.reason.clone()))
    }

    /// What an answer means, if `No` breaks this link.
    pub fn of(answer: Answer, broken: impl FnOnce() -> Break) -> Self {
        match answer {
            Answer::Yes | Answer::Open => Self::Yes,
            Answer::No => Self::No(broken()),
            Answer::Unknown(reason) => Self::Unsure(reason),
        }
    }

    /// The next link of the same way.
    #[must_use]
    pub fn then(self, next: impl FnOnce() -> Self) -> Self {
        match self {
            Self::No(_) => self,
            Self::Yes => next(),
            Self::Unsure(reason) => match next() {
                Self::No(broken) => Self::No(broken),
                _ => Self::Unsure(reason),
            },
        }
    }

    /// The best of several ways; nothing if there is none.
    pub fn best(ways: impl IntoIterator<Item = Self>) -> Option<Self> {
        let mut best = None;
        for way in ways {
            match (&best, &way) {
                (_, Self::Yes) => return Some(way),
                (None | Some(Self::No(_)), Self::Unsure(_)) | (None, Self::No(_)) => best = Some(way),
                _ => {}
            }
        }
        best
    }
}
