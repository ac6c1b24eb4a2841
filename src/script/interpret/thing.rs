//! What expressions of a program give.

use std::rc::Rc;

use crate::script::program::{Class, Function};
use crate::script::words::{Field, text_of};
use crate::script::{Credentials, Operation, User, runtime};
use crate::source::Span;
use crate::text::Text;
use crate::types::Type;
use crate::value::{Kind, Reason, Unknown, Value};

/// What an expression gives.
#[derive(Clone, Debug)]
pub(in crate::script) enum Thing {
    /// A string, or something unknown.
    Value(Value),
    /// Nothing.
    Null,
    List(Rc<Vec<Thing>>),
    /// Names and values; `true` if there may be more.
    Fields(Rc<Vec<(Rc<str>, Thing)>>, bool),
    /// Something that a module brings: `boto3.client`.
    Import(Rc<str>),
    Function(Rc<Function>),
    Class(Rc<Class>),
    /// The object that a method is of, and instances of the script's classes.
    Instance,
    /// A session of boto3, or credentials of another SDK.
    Session(Credentials),
    /// A client of a service; without a name it is not known of which.
    Client(Option<Rc<str>>, Credentials),
    /// boto3's `resource("iam")`.
    Resource(Rc<str>, Credentials),
    /// boto3's `User("name")` and what it has.
    User(User, Credentials),
    /// A command of the SDK for JavaScript, version 3, that a client is yet to send.
    Command(Operation, User, Option<Span>),
    /// The credentials of a role, or a part of them.
    Assumed(Value),
    /// A method of something.
    Member(Rc<Thing>, Rc<str>),
}

/// A call with its arguments evaluated.
pub(in crate::script) struct Arguments {
    pub(in crate::script) positional: Vec<Thing>,
    pub(in crate::script) named: Vec<(Rc<str>, Thing)>,
    /// Whether there may be more.
    pub(in crate::script) open: Option<Value>,
    /// The place of the call, and of what is called.
    pub(in crate::script) span: Option<Span>,
    pub(in crate::script) callee: Option<Span>,
}

impl Thing {
    /// The string, perhaps with unknown parts.
    pub(in crate::script) fn text(&self) -> Option<Text> {
        match self {
            Self::Value(value) => Some(text_of(value)),
            _ => None,
        }
    }

    /// The characters, if all are known.
    pub(in crate::script) fn as_str(&self) -> Option<String> {
        self.text()?.as_str().map(std::borrow::Cow::into_owned)
    }

    /// The field of that name, and whether there may be one that is not seen.
    pub(in crate::script) fn field(&self, name: &str) -> (Option<&Self>, bool) {
        match self {
            Self::Fields(fields, open) => {
                (fields.iter().rev().find(|(known, _)| **known == *name).map(|(_, value)| value), *open)
            }
            Self::Null | Self::Function(_) => (None, false),
            _ => (None, true),
        }
    }
}

/// One of several things.
pub(super) fn one_of(mut found: Vec<Thing>) -> Thing {
    found.retain(|thing| !matches!(thing, Thing::Null));
    if found.len() <= 1 {
        return found.pop().unwrap_or(Thing::Null);
    }
    let values: Option<Vec<Value>> = found
        .iter()
        .map(|thing| match thing {
            Thing::Value(value) => Some(Value { kind: Kind::Text(text_of(value)), ..value.clone() }),
            _ => None,
        })
        .collect();
    match values {
        Some(values) => {
            let is_same = values.windows(2).all(|pair| match pair {
                [one, other] => matches!((one.as_str(), other.as_str()), (Some(one), Some(other)) if one == other),
                _ => false,
            });
            if is_same {
                return found.pop().unwrap_or(Thing::Null);
            }
            let span = values.first().and_then(|value| value.origin.span);
            let reason = Reason::new("a value", "is one of several when the script runs", span);
            let unknown = Unknown { ty: Type::Text, not_null: true, symbol: None, among: None, reason };
            Thing::Value(Value::one_of(unknown, values))
        }
        None => {
            // Things that are followed go before values that are not.
            let at = found.iter().position(|thing| !matches!(thing, Thing::Value(_)));
            at.map_or(Thing::Null, |at| found.swap_remove(at))
        }
    }
}

/// A list of words as the arguments of a command.
pub(in crate::script) fn words(thing: &Thing) -> Option<Vec<Field>> {
    let Thing::List(all) = thing else { return None };
    let word = |thing: &Thing| match thing {
        Thing::Value(value) => Field::of_value(value),
        _ => Field::of_value(&runtime("a word", "is known when the script runs", None)),
    };
    Some(all.iter().map(word).collect())
}
