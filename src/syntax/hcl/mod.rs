//! HCL native syntax (<https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md>): text to a compact tree with
//! spans. One syntax error costs one top-level block; the others are still returned.
//!
//! What is accepted is exactly what HashiCorp's parser (2.25) accepts, except for
//! * nesting deeper than [`MAX_NESTING`] and operators beyond [`MAX_OPERANDS`],
//! * numbers of more than twenty thousand digits, which [`Number`] does not read,
//! * names with letters that came with Unicode 17, which HashiCorp's parser knows and the `regex` crate does not yet.

use std::ops::Range;
use std::sync::Arc;

use crate::number::Number;
use crate::source::{FileId, Span};
use crate::syntax::node::SyntaxError;
use crate::text::Text;

mod expression;
mod name;
mod parser;
mod template;

pub use name::is_name;
#[cfg(test)]
mod tests;

/// How deep expressions, templates and blocks may nest. HashiCorp's parser has no limit; nothing written by a person
/// comes near this one.
pub const MAX_NESTING: usize = 400;

/// How high a tree of binary operators may grow, which for one chain (`a + b + c`) is its number of operators:
/// HashiCorp's parser has no limit here either.
pub const MAX_OPERANDS: usize = 4096;

/// The content of a file or of a block.
#[derive(Clone, Debug, Default)]
pub struct Body {
    /// Attributes in order.
    pub attributes: Vec<Attribute>,
    /// Blocks in order.
    pub blocks: Vec<Block>,
}

/// A name and where it is written.
#[derive(Clone, Debug)]
pub struct Name {
    /// The name.
    pub text: Arc<str>,
    /// Where.
    pub span: Span,
}

/// `name = expression`
#[derive(Clone, Debug)]
pub struct Attribute {
    /// The name.
    pub name: Name,
    /// The expression.
    pub value: Expr,
}

/// `kind "label" { body }`
#[derive(Clone, Debug)]
pub struct Block {
    /// The block type.
    pub kind: Name,
    /// The labels.
    pub labels: Vec<Name>,
    /// From the type to the last label.
    pub header: Span,
    /// From the type to the closing brace.
    pub span: Span,
    /// The content.
    pub body: Body,
}

/// An expression and where it is written.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where.
    pub span: Span,
}

/// What an expression is.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number literal.
    Number(Number),
    /// A string literal: a template of literal text only.
    Literal(Text),
    /// A template with interpolations or directives.
    Template(Vec<Part>),
    /// `"${expression}"`: the expression's value as it is, whatever its type.
    Wrap(Box<Expr>),
    /// `[a, b]`
    Tuple(Vec<Expr>),
    /// `{ key = value }`
    Object(Vec<Item>),
    /// A reference: `root.step[0]`
    Reference(Name, Vec<Step>),
    /// Steps from any other expression.
    Access(Box<Expr>, Vec<Step>),
    /// `name(arguments)`; namespaces joined with `::`; whether the last argument is expanded by `...`.
    Call(Name, Vec<Expr>, bool),
    /// `condition ? yes : no`
    Conditional(Box<[Expr; 3]>),
    /// `-x`, `!x`
    Unary(UnaryOp, Box<Expr>),
    /// `a + b`
    Binary(BinaryOp, Box<[Expr; 2]>),
    /// `[for ...]`, `{for ...}`
    For(Box<For>),
    /// `(x)`
    Parens(Box<Expr>),
}

/// An item of an object constructor.
#[derive(Clone, Debug)]
pub struct Item {
    /// The key: a bare name is a [`ExprKind::Literal`].
    pub key: Expr,
    /// The value.
    pub value: Expr,
}

/// A step of a traversal.
#[derive(Clone, Debug)]
pub enum Step {
    /// `.name`
    Attribute(Name),
    /// `[expression]`; `.0` too.
    Index(Expr),
    /// `.*` or `[*]` with the steps that apply to each element.
    Splat(Vec<Step>, Span),
}

/// A `for` expression.
#[derive(Clone, Debug)]
pub struct For {
    /// The key variable.
    pub key_name: Option<Name>,
    /// The value variable.
    pub value_name: Name,
    /// What is iterated over.
    pub collection: Expr,
    /// The key expression: then the result is an object.
    pub key: Option<Expr>,
    /// The value expression.
    pub value: Expr,
    /// `...`: values of equal keys are grouped.
    pub group: bool,
    /// `if condition`
    pub condition: Option<Expr>,
}

/// A part of a template.
#[derive(Clone, Debug)]
pub enum Part {
    /// Literal text.
    Literal(Text),
    /// `${expression}`
    Interpolation(Expr),
    /// `%{ if condition }yes%{ else }no%{ endif }`
    If(Box<Expr>, Vec<Part>, Vec<Part>),
    /// `%{ for key, value in collection }body%{ endfor }`
    For(Box<ForPart>),
}

/// A `for` directive.
#[derive(Clone, Debug)]
pub struct ForPart {
    /// The key variable.
    pub key_name: Option<Name>,
    /// The value variable.
    pub value_name: Name,
    /// What is iterated over.
    pub collection: Expr,
    /// What is repeated.
    pub body: Vec<Part>,
}

/// A unary operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOp {
    /// `-`
    Negate,
    /// `!`
    Not,
}

/// A binary operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOp {
    /// `||`
    Or,
    /// `&&`
    And,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Modulo,
}

/// How byte offsets of a text become spans.
#[derive(Clone, Copy, Debug)]
pub enum Place {
    /// The text starts at this offset of the file and is written byte for byte.
    At(FileId, usize),
    /// The text is not written byte for byte anywhere: everything in it is said to be here.
    Within(Span),
}

impl Place {
    fn span(self, start: usize, end: usize) -> Span {
        match self {
            Self::At(file, base) => Span::new(file, base + start, base + end),
            Self::Within(span) => span,
        }
    }

    fn is_exact(self) -> bool {
        matches!(self, Self::At(..))
    }
}

/// Parses a file. What could be understood is returned beside the errors.
pub fn parse_file(text: &str, place: Place) -> (Body, Vec<SyntaxError>) {
    let mut parser = parser::Parser::new(text, place);
    let body = parser.file();
    (body, parser.errors)
}

/// Parses a file and tells where its comments are, in order. What cannot be understood is passed over.
pub fn parse_with_comments(text: &str, place: Place) -> (Body, Vec<Range<usize>>) {
    let mut parser = parser::Parser::new(text, place);
    parser.comments = Some(Vec::new());
    let body = parser.file();
    let mut comments = parser.comments.unwrap_or_default();
    // Where the parser looks ahead, it meets a comment twice.
    comments.sort_by_key(|comment| (comment.start, comment.end));
    comments.dedup();
    (body, comments)
}

/// Parses one expression that is the whole text; newlines are white space in it.
///
/// # Errors
/// The first syntax error.
pub fn parse_expression(text: &str, place: Place) -> Result<Expr, SyntaxError> {
    parser::Parser::new(text, place).whole_expression(false)
}

/// Parses one expression as it would stand after `name =` in a body: a newline ends it.
///
/// # Errors
/// The first syntax error.
pub fn parse_argument(text: &str, place: Place) -> Result<Expr, SyntaxError> {
    parser::Parser::new(text, place).whole_expression(true)
}

/// Parses a bare template (a template file, a string of JSON syntax) that is the whole text.
///
/// # Errors
/// The first syntax error.
pub fn parse_template(text: &str, place: Place) -> Result<Expr, SyntaxError> {
    parser::Parser::new(text, place).bare_template()
}

impl Body {
    /// The attribute of that name.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| &*attribute.name.text == name)
    }

    /// The blocks of that type.
    pub fn blocks_of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Block> {
        self.blocks.iter().filter(move |block| &*block.kind.text == kind)
    }
}

impl Expr {
    /// The expression without parentheses around it.
    pub fn bare(&self) -> &Self {
        match &self.kind {
            ExprKind::Parens(inner) => inner.bare(),
            _ => self,
        }
    }

    /// The text of a string literal.
    pub fn literal(&self) -> Option<&Text> {
        match &self.kind {
            ExprKind::Literal(text) => Some(text),
            _ => None,
        }
    }
}
