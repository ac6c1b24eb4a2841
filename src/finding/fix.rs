//! What would make a finding go away, as data: places and what is to stand there. How that is written in a file is known
//! to whoever edits it.

use crate::source::Span;

/// A change of the project that has exactly one right answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does: `make the effect "Deny"`.
    pub message: String,
    /// What is to be changed, all of it together.
    pub changes: Vec<Change>,
}

/// A change of one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// What is written at `span` has the text `was`, and is to have `text` instead.
    Text {
        /// Where it is written.
        span: Span,
        /// What is known to stand there.
        was: String,
        /// What is to stand there.
        text: String,
    },
    /// A resource or block is to have one more argument.
    Argument {
        /// Its header, or all of it.
        of: Span,
        /// The argument.
        name: &'static str,
        /// Its value.
        value: Term,
    },
    /// There is to be one more resource, where another one is.
    Resource {
        /// The header of the other one, or all of it.
        beside: Span,
        /// Its type.
        kind: &'static str,
        /// Its name.
        name: String,
        /// Its arguments.
        arguments: Vec<(&'static str, Term)>,
    },
}

/// A value to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Term {
    /// A string.
    Text(String),
    /// An attribute of a resource: its address within its module, or its logical ID, and the attribute.
    Attribute(String, String),
    /// A list.
    List(Vec<Self>),
    /// A map.
    Map(Vec<(String, Self)>),
}

impl Change {
    /// A place in the file that is changed.
    pub fn span(&self) -> Span {
        match self {
            Self::Text { span, .. } => *span,
            Self::Argument { of, .. } => *of,
            Self::Resource { beside, .. } => *beside,
        }
    }
}
