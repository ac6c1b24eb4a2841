//! Whether a pattern matches an event.

use crate::value::{Reason, Unknown};

/// Whether a pattern matches an event, or a monitor reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// It does for some events of this kind and not for others.
    Open,
    /// It depends on something unknown.
    Unknown(Reason),
}

impl Answer {
    /// The answer of something unknown.
    pub fn unknown(unknown: &Unknown) -> Self {
        Self::Unknown(unknown.reason.clone())
    }

    /// Both must hold.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Unknown(reason), _) | (_, Self::Unknown(reason)) => Self::Unknown(reason),
            (Self::Open, _) | (_, Self::Open) => Self::Open,
            (Self::Yes, Self::Yes) => Self::Yes,
        }
    }

    /// One must hold.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        (self.negated().and(other.negated())).negated()
    }

    /// The opposite.
    #[must_use]
    pub fn negated(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            other => other,
        }
    }

    /// The same answer for all of several cases, or that it depends on the case.
    pub fn merged(answers: impl IntoIterator<Item = Self>) -> Option<Self> {
        answers.into_iter().reduce(|one, other| match (one, other) {
            (one, other) if one == other => one,
            (Self::Unknown(reason), _) | (_, Self::Unknown(reason)) => Self::Unknown(reason),
            _ => Self::Open,
        })
    }
}

impl From<bool> for Answer {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}
