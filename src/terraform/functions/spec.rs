//! What all functions have in common.

use std::borrow::Cow;
use std::sync::Arc;

use crate::convert::{self, ConvertError};
use crate::number::Number;
use crate::source::Span;
use crate::text::Text;
use crate::types::Type;
use crate::value::{Fields, Kind, Marks, Origin, Reason, Unknown, Value, Via};

use super::{Context, FunctionError};

/// The largest string that a function may build.
pub(super) const MAX_TEXT: usize = 16 << 20;

/// A built-in function.
pub(super) struct Function {
    pub name: &'static str,
    parameters: &'static [Parameter],
    rest: Option<Parameter>,
    returns: fn(&[Value]) -> Type,
    may_be_null: bool,
    trace: Trace,
    one_way: bool,
    body: Body,
}

/// A function's rule.
pub(super) type Body = fn(&Call<'_>) -> Result<Value, Failure>;

/// Where the result comes from.
#[derive(Clone, Copy)]
enum Trace {
    /// From the call.
    Call,
    /// From this argument, looked through.
    Argument(usize),
    /// The rule says.
    Rule,
}

/// A parameter.
#[derive(Clone, Copy)]
pub(super) struct Parameter {
    name: &'static str,
    wants: Wants,
    nullable: bool,
    partial: bool,
    marked: bool,
}

/// The type of a parameter.
#[derive(Clone, Copy)]
pub(super) enum Wants {
    Any,
    Text,
    Number,
    List,
    Set,
    Texts,
    Bools,
    TextsByKey,
}

/// A parameter of any type.
pub(super) const fn any(name: &'static str) -> Parameter {
    typed(name, Wants::Any)
}

/// A string.
pub(super) const fn text(name: &'static str) -> Parameter {
    typed(name, Wants::Text)
}

/// A number.
pub(super) const fn number(name: &'static str) -> Parameter {
    typed(name, Wants::Number)
}

/// A parameter of some other type.
pub(super) const fn typed(name: &'static str, wants: Wants) -> Parameter {
    Parameter { name, wants, nullable: false, partial: false, marked: false }
}

impl Parameter {
    /// The rule sees nulls.
    pub const fn nullable(self) -> Self {
        Self { nullable: true, ..self }
    }

    /// The rule sees unknown values and partly known strings.
    pub const fn partial(self) -> Self {
        Self { partial: true, ..self }
    }

    /// The rule sees marks; else they are taken off, at any depth, and put on the result.
    pub const fn marked(self) -> Self {
        Self { marked: true, ..self }
    }
}

impl Wants {
    fn ty(self) -> Type {
        match self {
            Self::Any => Type::Dynamic,
            Self::Text => Type::Text,
            Self::Number => Type::Number,
            Self::List => Type::list(Type::Dynamic),
            Self::Set => Type::set(Type::Dynamic),
            Self::Texts => Type::list(Type::Text),
            Self::Bools => Type::list(Type::Bool),
            Self::TextsByKey => Type::map(Type::list(Type::Text)),
        }
    }
}

/// The types of results.
pub(super) mod returns {
    use super::{Type, Value};

    pub fn text(_: &[Value]) -> Type {
        Type::Text
    }

    pub fn number(_: &[Value]) -> Type {
        Type::Number
    }

    pub fn bool(_: &[Value]) -> Type {
        Type::Bool
    }

    pub fn texts(_: &[Value]) -> Type {
        Type::list(Type::Text)
    }

    pub fn numbers(_: &[Value]) -> Type {
        Type::list(Type::Number)
    }

    pub fn dynamic(_: &[Value]) -> Type {
        Type::Dynamic
    }

    /// The type of the first argument.
    pub fn first(arguments: &[Value]) -> Type {
        arguments.first().map_or(Type::Dynamic, Value::ty)
    }
}

impl Function {
    pub const fn new(
        name: &'static str,
        parameters: &'static [Parameter],
        returns: fn(&[Value]) -> Type,
        body: Body,
    ) -> Self {
        Self { name, parameters, rest: None, returns, may_be_null: false, trace: Trace::Call, one_way: false, body }
    }

    /// Takes any number of further arguments.
    pub const fn rest(self, parameter: Parameter) -> Self {
        Self { rest: Some(parameter), ..self }
    }

    /// The result may be null.
    pub const fn may_be_null(self) -> Self {
        Self { may_be_null: true, ..self }
    }

    /// The result is that argument in another form.
    pub const fn of(self, argument: usize) -> Self {
        Self { trace: Trace::Argument(argument), ..self }
    }

    /// What goes in cannot be told from what comes out.
    pub const fn one_way(self) -> Self {
        Self { one_way: true, ..self }
    }

    /// The rule says where its result comes from.
    pub const fn traced(self) -> Self {
        Self { trace: Trace::Rule, ..self }
    }

    fn parameter(&self, at: usize) -> Option<&Parameter> {
        self.parameters.get(at).or(self.rest.as_ref())
    }

    fn error(&self, argument: usize, message: impl std::fmt::Display) -> FunctionError {
        let name = self.parameter(argument).map_or("", |parameter| parameter.name);
        let message = format!("Invalid value for {name:?} parameter: {message}.");
        FunctionError { message, argument: Some(argument) }
    }

    fn check_count(&self, given: usize) -> Result<(), FunctionError> {
        let (name, wanted) = (self.name, self.parameters.len());
        let at_least = if self.rest.is_some() { "at least " } else { "" };
        let message = if let Some(missing) = self.parameters.get(given) {
            format!("Function {name:?} expects {at_least}{wanted} argument(s). Missing value for {:?}.", missing.name)
        } else if given > wanted && self.rest.is_none() {
            format!("Function {name:?} expects only {wanted} argument(s).")
        } else {
            return Ok(());
        };
        Err(FunctionError { message, argument: (given > wanted).then_some(wanted) })
    }

    pub fn call(&self, arguments: &[Value], context: &dyn Context, span: Span) -> Result<Value, FunctionError> {
        self.check_count(arguments.len())?;
        let mut given = Vec::with_capacity(arguments.len());
        let mut marks = Marks::NONE;
        let mut unknown = None;
        for (at, argument) in arguments.iter().enumerate() {
            let Some(parameter) = self.parameter(at) else {
                continue;
            };
            let mut converted =
                convert::convert(argument, &parameter.wants.ty()).map_err(|e| self.error(at, e.message))?;
            if converted.is_null() && !parameter.nullable {
                return Err(self.error(at, "argument must not be null"));
            }
            if !parameter.marked {
                marks = marks.union(&converted.deep_marks());
                converted = convert::without_sensitive(&converted);
            }
            if !parameter.partial {
                unknown = unknown.or_else(|| converted.as_unknown());
            }
            given.push(converted);
        }
        let call = Call { name: self.name, arguments: given, context, span };
        let result = match unknown {
            Some(unknown) => Err(Failure::Unknown(unknown)),
            None => (self.body)(&call),
        };
        let (mut value, said) = match result {
            Ok(value) => (value, true),
            Err(Failure::Unknown(unknown)) => {
                let mut value = Value::unknown_from(&unknown, (self.returns)(&call.arguments));
                if self.may_be_null
                    && let Kind::Unknown(unknown) = &mut value.kind
                {
                    *unknown = Arc::new(Unknown { not_null: false, ..Unknown::clone(unknown) });
                }
                for argument in &call.arguments {
                    value.marks.add(&argument.marks);
                    value.marks.add(&argument.deep_marks().only_credentials());
                }
                (value, false)
            }
            Err(Failure::Argument(at, message)) => return Err(self.error(at, message)),
            Err(Failure::Call(message)) => {
                let message = format!("Call to function {:?} failed: {message}.", self.name);
                return Err(FunctionError { message, argument: None });
            }
        };
        value.origin = match self.trace {
            Trace::Argument(at) => call.origin_of(at),
            Trace::Rule if said => value.origin,
            Trace::Call | Trace::Rule => Origin::at(span),
        };
        let mut value = value.mark(&marks);
        // Nor can it be told from a truth value or a number.
        if self.one_way || matches!(value.ty(), Type::Bool | Type::Number) {
            value.marks = value.marks.without_credentials();
        }
        Ok(value)
    }
}

/// A call whose arguments have the types of the parameters.
pub(super) struct Call<'a> {
    pub name: &'static str,
    pub arguments: Vec<Value>,
    pub context: &'a dyn Context,
    pub span: Span,
}

/// Why a rule gives no value.
pub(super) enum Failure {
    /// An argument is wrong.
    Argument(usize, String),
    /// The call fails.
    Call(String),
    /// The result depends on this.
    Unknown(Arc<Unknown>),
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Self::Call(message)
    }
}

impl From<&str> for Failure {
    fn from(message: &str) -> Self {
        Self::Call(message.to_owned())
    }
}

impl From<Arc<Unknown>> for Failure {
    fn from(unknown: Arc<Unknown>) -> Self {
        Self::Unknown(unknown)
    }
}

impl From<ConvertError> for Failure {
    fn from(error: ConvertError) -> Self {
        Self::Call(error.message)
    }
}

/// An argument is wrong.
pub(super) fn invalid(argument: usize, message: impl Into<String>) -> Failure {
    Failure::Argument(argument, message.into())
}

impl Call<'_> {
    /// An argument.
    pub fn get(&self, at: usize) -> Result<&Value, Failure> {
        self.arguments.get(at).ok_or_else(|| Failure::Call(format!("argument {at} is missing")))
    }

    /// The arguments from `at` on.
    pub fn from(&self, at: usize) -> &[Value] {
        self.arguments.get(at..).unwrap_or_default()
    }

    /// A string, perhaps partly unknown.
    pub fn text(&self, at: usize) -> Result<Text, Failure> {
        let value = self.get(at)?;
        match &value.kind {
            Kind::Text(text) => Ok(text.clone()),
            Kind::Unknown(unknown) => Ok(Text::unknown(Arc::clone(unknown))),
            _ => Err(invalid(at, "string required")),
        }
    }

    /// The characters of a string.
    pub fn str(&self, at: usize) -> Result<Cow<'_, str>, Failure> {
        known(self.get(at)?)
    }

    /// A number.
    pub fn number(&self, at: usize) -> Result<&Number, Failure> {
        self.get(at)?.as_number().ok_or_else(|| invalid(at, "number required"))
    }

    /// A number that must be whole.
    pub fn integer(&self, at: usize) -> Result<i64, Failure> {
        self.number(at)?.as_i64().ok_or_else(|| invalid(at, "a whole number of reasonable size is required"))
    }

    /// The elements of a tuple, list or set.
    pub fn elements(&self, at: usize) -> Result<&[Value], Failure> {
        let value = self.get(at)?;
        value.elements().ok_or_else(|| match value.as_unknown() {
            Some(unknown) => Failure::Unknown(unknown),
            None => invalid(at, "list, set or tuple required"),
        })
    }

    /// The elements of a map or the attributes of an object, if all are listed.
    pub fn fields(&self, at: usize) -> Result<&Fields, Failure> {
        let value = self.get(at)?;
        listed(value)?;
        value.fields().ok_or_else(|| match value.as_unknown() {
            Some(unknown) => Failure::Unknown(unknown),
            None => invalid(at, "map or object required"),
        })
    }

    /// The origin of something made of that argument.
    pub fn origin_of(&self, at: usize) -> Origin {
        match self.arguments.get(at) {
            Some(argument) => argument.origin.via(Via::Function(Arc::from(self.name)), Some(self.span)),
            None => Origin::at(self.span),
        }
    }

    /// A part of an argument as the result: it keeps what it is, and is seen through the call.
    pub fn select(&self, at: usize, part: &Value) -> Value {
        let origin = self.origin_of(at).select(&part.origin, Some(self.span));
        let marks = self.arguments.get(at).map_or(Marks::NONE, |argument| argument.marks.clone());
        part.clone().with_origin(origin).mark(&marks)
    }

    /// An argument as the result.
    pub fn pass(&self, at: usize) -> Result<Value, Failure> {
        Ok(self.get(at)?.clone().with_origin(self.origin_of(at)))
    }
}

/// The characters of a string.
pub(super) fn known(value: &Value) -> Result<Cow<'_, str>, Failure> {
    match (value.as_str(), value.as_unknown()) {
        (Some(known), _) => Ok(known),
        (None, Some(unknown)) => Err(Failure::Unknown(unknown)),
        (None, None) => Err("string required".into()),
    }
}

/// Fails where something in the value is unknown.
pub(super) fn wholly_known(value: &Value) -> Result<(), Failure> {
    value.first_unknown().map_or(Ok(()), |unknown| Err(Failure::Unknown(unknown)))
}

/// Fails for an object with more attributes than those listed.
pub(super) fn listed(value: &Value) -> Result<(), Failure> {
    match value.fields().and_then(Fields::open) {
        Some(rest) => Err(Failure::Unknown(Arc::clone(rest))),
        None => Ok(()),
    }
}

/// A string that was computed.
pub(super) fn string(text: impl Into<String>) -> Value {
    Value::new(Kind::Text(super::pieces::computed(text.into())))
}

/// A string made of pieces.
pub(super) fn text_value(text: Text) -> Value {
    match text.sole_unknown() {
        Some(unknown) => {
            let unknown = Unknown { ty: Type::Text, not_null: true, ..Unknown::clone(unknown) };
            Value::new(Kind::Unknown(Arc::new(unknown)))
        }
        None => Value::new(Kind::Text(text)),
    }
}

/// `list(element)`
pub(super) fn list(element: Type, elements: Vec<Value>) -> Value {
    Value::new(Kind::List(element, Arc::new(elements)))
}

/// The error of a result that would take too much memory.
pub(super) fn too_large() -> Failure {
    Failure::Call(format!("the result would be larger than {} MiB", MAX_TEXT >> 20))
}

/// A string for a reason of its own unknown.
pub(super) fn open(reason: Reason) -> Failure {
    Failure::Unknown(Arc::new(Unknown { ty: Type::Dynamic, not_null: true, symbol: None, among: None, reason }))
}

/// What a function gives whose result differs from run to run.
pub(super) fn impure(call: &Call<'_>, ty: Type) -> Result<Value, Failure> {
    let name = format!("{}()", call.name);
    let reason = Reason::new(name, "is only known when Terraform runs", Some(call.span));
    Ok(Value::new(Kind::Unknown(Arc::new(Unknown { ty, not_null: true, symbol: None, among: None, reason }))))
}
