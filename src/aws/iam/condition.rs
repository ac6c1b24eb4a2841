//! Condition operators (IAM User Guide, "IAM JSON policy elements: Condition operators").

use crate::source::Span;

use super::policy::Item;

/// One key under one operator.
#[derive(Clone, Debug)]
pub struct Condition {
    /// The operator.
    pub operator: Operator,
    /// Where it is written.
    pub operator_span: Option<Span>,
    /// The condition key, as written.
    pub key: String,
    /// Its values: one of them must match (with a negated operator, none).
    pub values: Vec<Item>,
    /// Where key and values are written.
    pub span: Option<Span>,
}

/// An operator with its set qualifier and suffix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// As written.
    pub name: String,
    /// The comparison.
    pub test: Test,
    /// Whether it is the `Not` form: true if no value matches.
    pub negated: bool,
    /// `...IfExists`: true if the key is missing.
    pub if_exists: bool,
    /// `ForAnyValue:` or `ForAllValues:`.
    pub set: Option<Set>,
    /// Whether AWS documents the spelling; operators that differ only in case are not documented.
    pub documented: bool,
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Test {
    /// `StringEquals`
    Equals,
    /// `StringEqualsIgnoreCase`
    EqualsIgnoreCase,
    /// `StringLike`
    Like,
    /// `ArnLike` and `ArnEquals`, which are the same.
    Arn,
    /// `Numeric...`
    Numeric(Order),
    /// `Date...`
    Date(Order),
    /// `Bool`
    Bool,
    /// `BinaryEquals`
    Binary,
    /// `IpAddress`
    Ip,
    /// `Null`
    Null,
}

/// A comparison of magnitudes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Order {
    /// `Equals`
    Equal,
    /// `LessThan`
    Less,
    /// `LessThanEquals`
    LessOrEqual,
    /// `GreaterThan`
    Greater,
    /// `GreaterThanEquals`
    GreaterOrEqual,
}

/// A set qualifier (IAM User Guide, "Multivalued context keys").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Set {
    /// Some value of the request matches; false without any.
    Any,
    /// Every value of the request matches; true without any.
    All,
}

const OPERATORS: [(&str, Test, bool); 27] = [
    ("StringEquals", Test::Equals, false),
    ("StringNotEquals", Test::Equals, true),
    ("StringEqualsIgnoreCase", Test::EqualsIgnoreCase, false),
    ("StringNotEqualsIgnoreCase", Test::EqualsIgnoreCase, true),
    ("StringLike", Test::Like, false),
    ("StringNotLike", Test::Like, true),
    ("ArnEquals", Test::Arn, false),
    ("ArnLike", Test::Arn, false),
    ("ArnNotEquals", Test::Arn, true),
    ("ArnNotLike", Test::Arn, true),
    ("NumericEquals", Test::Numeric(Order::Equal), false),
    ("NumericNotEquals", Test::Numeric(Order::Equal), true),
    ("NumericLessThan", Test::Numeric(Order::Less), false),
    ("NumericLessThanEquals", Test::Numeric(Order::LessOrEqual), false),
    ("NumericGreaterThan", Test::Numeric(Order::Greater), false),
    ("NumericGreaterThanEquals", Test::Numeric(Order::GreaterOrEqual), false),
    ("DateEquals", Test::Date(Order::Equal), false),
    ("DateNotEquals", Test::Date(Order::Equal), true),
    ("DateLessThan", Test::Date(Order::Less), false),
    ("DateLessThanEquals", Test::Date(Order::LessOrEqual), false),
    ("DateGreaterThan", Test::Date(Order::Greater), false),
    ("DateGreaterThanEquals", Test::Date(Order::GreaterOrEqual), false),
    ("Bool", Test::Bool, false),
    ("BinaryEquals", Test::Binary, false),
    ("IpAddress", Test::Ip, false),
    ("NotIpAddress", Test::Ip, true),
    ("Null", Test::Null, false),
];

impl Operator {
    /// The operator of that name; `None` if AWS has none.
    pub fn parse(name: &str) -> Option<Self> {
        let mut documented = true;
        let mut rest = name;
        let mut set = None;
        for (qualifier, which) in [("ForAnyValue:", Set::Any), ("ForAllValues:", Set::All)] {
            if let Some((head, tail)) = name.split_at_checked(qualifier.len())
                && head.eq_ignore_ascii_case(qualifier)
            {
                documented &= head == qualifier;
                (set, rest) = (Some(which), tail);
            }
        }
        let at = rest.len().saturating_sub("IfExists".len());
        let if_exists = match rest.split_at_checked(at) {
            Some((head, tail)) if tail.eq_ignore_ascii_case("IfExists") => {
                documented &= tail == "IfExists";
                rest = head;
                true
            }
            _ => false,
        };
        let (spelling, test, negated) =
            OPERATORS.iter().find(|(spelling, ..)| spelling.eq_ignore_ascii_case(rest)).copied()?;
        if test == Test::Null && (if_exists || set.is_some()) {
            return None;
        }
        documented &= spelling == rest;
        Some(Self { name: name.into(), test, negated, if_exists, set, documented })
    }
}

impl Order {
    /// Whether `left` stands so to `right`.
    pub fn holds<T: PartialOrd>(self, left: &T, right: &T) -> bool {
        match self {
            Self::Equal => left == right,
            Self::Less => left < right,
            Self::LessOrEqual => left <= right,
            Self::Greater => left > right,
            Self::GreaterOrEqual => left >= right,
        }
    }
}
