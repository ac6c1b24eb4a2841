//! What a condition says about one request: a fixed answer, or a predicate over something that the caller is free to
//! choose.

use core::hash::{Hash, Hasher};
use core::net::IpAddr;
use std::collections::BTreeSet;
use std::rc::Rc;

use ipnet::IpNet;

use crate::text::Tri;
use crate::value::Reason;

use super::condition::{Order, Set};
use super::pattern::Pattern;
use super::request::{Clock, Free, Services, View};

/// A condition in one kind of request.
#[derive(Clone, Debug)]
pub struct Atom {
    /// What it says.
    pub says: Says,
    /// Why it may be uncertain.
    pub reasons: Vec<Reason>,
}

/// What a condition says.
#[derive(Clone, Debug)]
pub enum Says {
    /// The same for every request of this kind.
    Always(Tri),
    /// It depends.
    When(Free, Rc<Predicate>),
}

/// A predicate over one free value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Predicate {
    /// The positive test: some value of the policy matches.
    pub test: Matches,
    /// Whether the opposite is asked.
    pub negated: bool,
    /// Whether a value of the policy is unknown and may match, too.
    pub vague: bool,
    /// How values of a list count.
    pub set: Option<Set>,
}

/// A positive test.
#[derive(Clone, Debug, PartialEq)]
pub enum Matches {
    /// A string.
    Text {
        /// The strings, of which one must match.
        strings: Strings,
        /// Which part of the free string is compared.
        view: View,
        /// Which services of a list are compared.
        services: Option<Services>,
    },
    /// A number.
    Number(Order, Vec<f64>),
    /// A time, in seconds since 1970.
    Time(Clock, Order, Vec<f64>),
    /// An address.
    Address(Vec<IpNet>),
}

/// Numbers of policies are finite, so that each equals itself.
impl Eq for Matches {}

impl Hash for Matches {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Zero equals zero, whatever its sign.
        let mut numbers = |values: &[f64]| values.iter().for_each(|value| (value + 0.0).to_bits().hash(state));
        match self {
            Self::Number(_, values) | Self::Time(_, _, values) => numbers(values),
            Self::Text { strings, view, services } => (strings, view, services).hash(state),
            Self::Address(nets) => nets.hash(state),
        }
    }
}

/// Strings of a policy with which a free one is compared that stands between two fixed ones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Strings {
    /// Patterns of the whole.
    pub patterns: Vec<Pattern>,
    /// What the free string itself is, where a pattern has neither wildcards nor anything else that is open: most have
    /// none, and there may be thousands.
    pub literals: BTreeSet<String>,
    /// What stands before the free string.
    pub prefix: String,
    /// What stands after it.
    pub suffix: String,
}

impl Strings {
    /// What can match between `prefix` and `suffix`.
    pub fn new(patterns: Vec<Pattern>, prefix: String, suffix: String) -> Self {
        let mut strings = Self { prefix, suffix, ..Self::default() };
        for pattern in patterns {
            match pattern.as_literal() {
                None if pattern.fits(&strings.prefix, &strings.suffix) => strings.patterns.push(pattern),
                None => {}
                Some(whole) => {
                    let own = whole.strip_prefix(&*strings.prefix).and_then(|own| own.strip_suffix(&*strings.suffix));
                    strings.literals.extend(own.map(String::from));
                }
            }
        }
        strings
    }

    /// Whether none of them matches anything.
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty() && self.literals.is_empty()
    }

    /// Whether one of them matches.
    fn matches(&self, text: &str) -> Tri {
        if self.literals.contains(text) {
            return Tri::Yes;
        }
        if self.patterns.is_empty() {
            return Tri::No;
        }
        if self.prefix.is_empty() && self.suffix.is_empty() {
            return any(&self.patterns, text);
        }
        any(&self.patterns, &format!("{}{text}{}", self.prefix, self.suffix))
    }
}

/// A value chosen for something free.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Sample {
    /// A string.
    Text(String),
    /// A number.
    Number(i64),
    /// The clock, and when the session began.
    Clock {
        /// Now.
        now: i64,
        /// When the session began.
        issued: i64,
    },
    /// An address.
    Address(IpAddr),
    /// A list of services.
    Services(Vec<String>),
}

/// The opposite.
pub fn not(value: Tri) -> Tri {
    match value {
        Tri::Yes => Tri::No,
        Tri::No => Tri::Yes,
        Tri::Maybe => Tri::Maybe,
    }
}

/// How sure a truth is, for `and` (the least) and `or` (the most).
pub fn rank(value: Tri) -> u8 {
    match value {
        Tri::No => 0,
        Tri::Maybe => 1,
        Tri::Yes => 2,
    }
}

/// Whether both hold.
pub fn and(a: Tri, b: Tri) -> Tri {
    if rank(a) <= rank(b) { a } else { b }
}

/// Whether one holds.
pub fn or(a: Tri, b: Tri) -> Tri {
    if rank(a) >= rank(b) { a } else { b }
}

impl Predicate {
    /// Whether it holds for a chosen value.
    pub fn holds(&self, sample: &Sample) -> Tri {
        let positive = match (&self.test, sample) {
            (Matches::Text { strings, services: Some(which), .. }, Sample::Services(list)) => {
                return self.holds_for_list(strings, *which, list);
            }
            (Matches::Text { strings, view, .. }, Sample::Text(text)) => strings.matches(view.of(text)),
            (Matches::Number(order, values), Sample::Number(number)) => {
                values.iter().any(|value| order.holds(&(*number as f64), value)).into()
            }
            (Matches::Time(clock, order, values), Sample::Clock { now, issued }) => {
                let time = if *clock == Clock::Issued { *issued } else { *now } as f64;
                values.iter().any(|value| order.holds(&time, value)).into()
            }
            (Matches::Address(nets), Sample::Address(address)) => nets.iter().any(|net| net.contains(address)).into(),
            _ => Tri::Maybe,
        };
        self.turned(positive)
    }

    /// What follows from the answer of the positive test.
    pub(super) fn turned(&self, positive: Tri) -> Tri {
        let positive = if self.vague { or(positive, Tri::Maybe) } else { positive };
        if self.negated { not(positive) } else { positive }
    }

    fn holds_for_list(&self, strings: &Strings, which: Services, list: &[String]) -> Tri {
        let one = |text: &String| self.turned(strings.matches(text));
        match (which, self.set) {
            (Services::First, _) => list.first().map_or(Tri::No, one),
            (Services::Last, _) => list.last().map_or(Tri::No, one),
            (Services::All, Some(Set::All)) => list.iter().map(one).fold(Tri::Yes, and),
            (Services::All, _) => list.iter().map(one).fold(Tri::No, or),
        }
    }
}

/// Whether one of the patterns matches.
fn any(patterns: &[Pattern], text: &str) -> Tri {
    let mut found = Tri::No;
    for pattern in patterns {
        found = or(found, pattern.matches(text));
        if found == Tri::Yes {
            break;
        }
    }
    found
}
