//! What Python and JavaScript have in common, as far as scripts are followed: expressions and statements.

use std::ops::Range;
use std::rc::Rc;

/// An expression and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Expr {
    pub(super) kind: ExprKind,
    pub(super) range: Range<usize>,
}

/// What an expression is.
#[derive(Clone, Debug)]
pub(super) enum ExprKind {
    /// A string with what is put into it.
    Text(Vec<TextPart>),
    /// A name.
    Name(Rc<str>),
    /// Something that a module brings, by a path: `boto3.client`.
    Import(Rc<str>),
    /// `a.b`
    Member(Box<Expr>, Rc<str>),
    /// `a[b]`
    Index(Box<Expr>, Box<Expr>),
    /// `a(b)`, `new a(b)`
    Call(Box<Expr>, Vec<Argument>),
    /// A list, tuple or array.
    List(Vec<Expr>),
    /// A dictionary or object; without a key, what is spread into it.
    Fields(Vec<(Option<Expr>, Expr)>),
    /// A function without a name.
    Function(Rc<Function>),
    /// `a + b`
    Plus(Box<Expr>, Box<Expr>),
    /// One of these: `a or b`, `a if c else b`.
    Either(Vec<Expr>),
    /// `None`, `null`, `undefined`
    Null,
    /// Something whose value is of no matter, made of these.
    Other(Vec<Expr>),
}

/// A part of a string.
#[derive(Clone, Debug)]
pub(super) enum TextPart {
    /// The characters of the source.
    Raw(Range<usize>),
    /// What an escape means.
    Meant(String, Range<usize>),
    /// What is put in.
    Value(Expr),
}

/// An argument of a call.
#[derive(Clone, Debug)]
pub(super) struct Argument {
    /// Its name, in Python.
    pub(super) name: Option<Rc<str>>,
    /// Whether its elements are the arguments.
    pub(super) spread: bool,
    pub(super) value: Expr,
}

/// A function or method.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) name: Option<Rc<str>>,
    /// The parameters with their defaults.
    pub(super) parameters: Vec<(Target, Option<Expr>)>,
    pub(super) body: Vec<Stmt>,
    /// Whether the first parameter is the object that it is a method of.
    pub(super) is_method: bool,
}

/// A class: its methods.
#[derive(Debug)]
pub(super) struct Class {
    pub(super) name: Rc<str>,
    pub(super) body: Vec<Stmt>,
}

/// What is assigned to.
#[derive(Clone, Debug)]
pub(super) enum Target {
    /// A variable.
    Name(Rc<str>),
    /// `a.b = `
    Member(Expr, Rc<str>),
    /// `a[b] = `
    Index(Expr, Expr),
    /// `{ a, b: c } = `: names and what they are bound to.
    Fields(Vec<(Rc<str>, Target)>),
    /// `a, b = `
    List(Vec<Target>),
    /// Nothing that is followed.
    Other,
}

/// A statement.
#[derive(Clone, Debug)]
pub(super) enum Stmt {
    Expr(Expr),
    Assign(Target, Expr),
    /// One of these is run, or none unless `exhaustive`.
    Branches(Vec<Vec<Stmt>>, bool),
    /// `for target in values: body`
    Loop(Target, Expr, Vec<Stmt>),
    Function(Rc<Function>),
    Class(Rc<Class>),
    /// A module that may be a file beside the script.
    Import(Rc<str>),
    Return(Expr),
    /// What ends the script.
    Block(Vec<Stmt>),
}

impl Class {
    /// What sets an object of the class up.
    pub(super) fn constructor(&self) -> Option<Rc<Function>> {
        let is_constructor = |statement: &&Stmt| match statement {
            Stmt::Function(function) => matches!(function.name.as_deref(), Some("__init__" | "constructor")),
            _ => false,
        };
        match self.body.iter().rfind(is_constructor) {
            Some(Stmt::Function(function)) => Some(Rc::clone(function)),
            _ => None,
        }
    }
}

impl Expr {
    pub(super) fn new(kind: ExprKind, range: Range<usize>) -> Self {
        Self { kind, range }
    }
}
