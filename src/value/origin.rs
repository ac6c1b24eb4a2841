//! Where a value comes from: the place it is used, and the hops to the place it was written.

use std::fmt;
use std::sync::Arc;

use crate::source::Span;

/// Where a value is used, and the hops to where it was written.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// The expression whose value this is.
    pub span: Option<Span>,
    /// The way from there to where the value was written, nearest first.
    pub hops: Option<Arc<Hop>>,
}

/// One step on the way of a value: from the place that uses it to the place that `what` names.
#[derive(Clone, Debug)]
pub struct Hop {
    /// What was looked through.
    pub what: Via,
    /// The place it led to.
    pub span: Option<Span>,
    /// The step after it.
    pub next: Option<Arc<Hop>>,
}

/// What a hop went through. The text in each is its name in the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Via {
    /// The default of a variable.
    VariableDefault(Arc<str>),
    /// A value given to a root variable: by a tfvars file, an option or the environment.
    VariableValue(Arc<str>),
    /// An argument of a module call: the call's address and the variable.
    ModuleInput(Arc<str>, Arc<str>),
    /// A local value.
    Local(Arc<str>),
    /// An output of a module: the call's address and the output.
    Output(Arc<str>, Arc<str>),
    /// An attribute of a resource.
    Attribute(Arc<str>),
    /// The result of a function, traced to the argument it rests on.
    Function(Arc<str>),
    /// The value of `each` or `count`, traced to the `for_each` or `count` that gives it.
    Repetition(Arc<str>),
    /// A value that an expression picked out of a collection or a document written elsewhere.
    Element,
    /// The default of a CloudFormation parameter.
    ParameterDefault(Arc<str>),
    /// A value given to a CloudFormation parameter.
    ParameterValue(Arc<str>),
    /// One of the values that a CloudFormation parameter allows.
    AllowedValue(Arc<str>),
    /// An export of another CloudFormation template.
    Export(Arc<str>),
    /// An entry of a CloudFormation mapping.
    Mapping(Arc<str>),
    /// A branch that a condition chose.
    Condition(Arc<str>),
    /// The content of a file.
    File(Arc<str>),
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::VariableDefault(name) => write!(f, "default of var.{name}"),
            Self::VariableValue(name) => write!(f, "value given to var.{name}"),
            Self::ModuleInput(call, name) => write!(f, "{name} passed to {call}"),
            Self::Local(name) => write!(f, "local.{name}"),
            Self::Output(call, name) => write!(f, "output {name} of {call}"),
            Self::Attribute(name) => write!(f, "{name}"),
            Self::Function(name) => write!(f, "argument of {name}()"),
            Self::Repetition(name) => write!(f, "{name} comes from here"),
            Self::Element => write!(f, "written here"),
            Self::ParameterDefault(name) => write!(f, "default of parameter {name}"),
            Self::ParameterValue(name) => write!(f, "value given to parameter {name}"),
            Self::AllowedValue(name) => write!(f, "allowed value of parameter {name}"),
            Self::Export(name) => write!(f, "export {name}"),
            Self::Mapping(name) => write!(f, "entry of mapping {name}"),
            Self::Condition(name) => write!(f, "chosen by condition {name}"),
            Self::File(path) => write!(f, "content of {path}"),
        }
    }
}

impl Origin {
    /// A value written at `span`.
    pub fn at(span: Span) -> Self {
        Self { span: Some(span), hops: None }
    }

    /// The hops, nearest first.
    pub fn chain(&self) -> impl Iterator<Item = &Hop> {
        std::iter::successors(self.hops.as_deref(), |hop| hop.next.as_deref())
    }

    /// The place the value was written: the end of the chain.
    pub fn written(&self) -> Option<Span> {
        self.chain().filter_map(|hop| hop.span).last().or(self.span)
    }

    /// Where a finding about this value points: the value as used; when it was passed through module calls, the
    /// argument of the outermost call that passed it (the line that a pull request changes). A value that came out of
    /// an output was not passed by the calls inside.
    pub fn primary(&self) -> Option<Span> {
        self.chain()
            .take_while(|hop| !matches!(hop.what, Via::Output(..)))
            .filter(|hop| matches!(hop.what, Via::ModuleInput(..)))
            .filter_map(|hop| hop.span)
            .last()
            .or(self.span)
    }

    /// This origin seen from `span`, having looked through `what`.
    #[must_use]
    pub fn via(&self, what: Via, span: Option<Span>) -> Self {
        Self { span, hops: Some(Arc::new(Hop { what, span: self.span, next: self.hops.clone() })) }
    }

    /// Where a finding about a part of a document points: the argument of the outermost module call that passed it, else the
    /// very characters, also where another file holds them.
    pub fn place(&self) -> Option<Span> {
        let passed = self.chain().any(|hop| matches!(hop.what, Via::ModuleInput(..)));
        if passed { self.primary() } else { self.written() }
    }

    /// This origin with one more hop at its end: the value is written further off than the way so far says.
    #[must_use]
    pub fn then(&self, what: Via, written: Span) -> Self {
        let mut next = Some(Arc::new(Hop { what, span: Some(written), next: None }));
        let mut chain: Vec<&Hop> = self.chain().collect();
        while let Some(hop) = chain.pop() {
            next = Some(Arc::new(Hop { what: hop.what.clone(), span: hop.span, next }));
        }
        Self { span: self.span, hops: next }
    }

    /// The origin of an element of a collection with this origin: the chain of the collection, whose end is
    /// narrowed to where the element was written, then the element's own.
    #[must_use]
    pub fn select(&self, element: &Origin, span: Option<Span>) -> Self {
        if self.hops.is_none() {
            return Self { span: span.or(element.span), hops: element.hops.clone() }.or_written_at(element, span);
        }
        let mut chain: Vec<&Hop> = self.chain().collect();
        let mut next = element.hops.clone();
        let mut end = element.span;
        while let Some(hop) = chain.pop() {
            let narrowed = end.take().or(hop.span);
            next = Some(Arc::new(Hop { what: hop.what.clone(), span: narrowed, next }));
        }
        Self { span, hops: next }
    }

    /// Where the element of a literal collection is picked at `span` but written elsewhere, says so by a hop.
    fn or_written_at(self, element: &Origin, span: Option<Span>) -> Self {
        match (span, element.span) {
            (Some(used), Some(written)) if !used.contains(written) => element.via(Via::Element, span),
            _ => self,
        }
    }
}
