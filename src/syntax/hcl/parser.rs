//! Bodies, blocks, attributes; characters, white space, names. HashiCorp's parser reads tokens with a stack of
//! newline modes; here each construct says whether newlines count inside it.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use super::name::{is_name_continue, is_name_start};
use super::{Attribute, Block, Body, Expr, MAX_NESTING, Name, Place};
use crate::source::Span;
use crate::syntax::node::SyntaxError;

pub(super) type Parsed<T> = Result<T, SyntaxError>;

pub(super) struct Parser<'t> {
    pub(super) text: &'t str,
    pub(super) at: usize,
    pub(super) place: Place,
    /// Whether a newline ends the current expression (else it is white space).
    pub(super) newlines: bool,
    pub(super) depth: usize,
    /// How high the tree is that was parsed since this was last set to zero: dropping and evaluating it recurse.
    pub(super) height: usize,
    pub(super) errors: Vec<SyntaxError>,
    /// Where comments are, if anybody asks.
    pub(super) comments: Option<Vec<Range<usize>>>,
}

impl<'t> Parser<'t> {
    pub(super) fn new(text: &'t str, place: Place) -> Self {
        Self { text, at: 0, place, newlines: true, depth: 0, height: 0, errors: Vec::new(), comments: None }
    }

    // --- characters ---

    pub(super) fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// What comes after the next `len` bytes.
    pub(super) fn after(&self, len: usize) -> &'t str {
        self.text.get(self.at + len..).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub(super) fn peek_char(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn looking_at(&self, token: &str) -> bool {
        self.text.as_bytes().get(self.at..).is_some_and(|rest| rest.starts_with(token.as_bytes()))
    }

    pub(super) fn take(&mut self, token: &str) -> bool {
        let found = self.looking_at(token);
        if found {
            self.at += token.len();
        }
        found
    }

    pub(super) fn span_from(&self, start: usize) -> Span {
        self.place.span(start, self.at)
    }

    pub(super) fn error_at<T>(&self, start: usize, message: impl Into<String>) -> Parsed<T> {
        let end = self.text.get(start..).and_then(|rest| rest.chars().next()).map_or(start, |c| start + c.len_utf8());
        Err(SyntaxError { message: message.into(), span: self.place.span(start, end) })
    }

    /// Goes one level deeper for the time of `parse`.
    pub(super) fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        self.deeper(self.at)?;
        let beside = std::mem::take(&mut self.height);
        let parsed = parse(self);
        self.height = beside.max(self.height + 1);
        self.depth -= 1;
        parsed
    }

    /// Counts one more level, which whoever closes it counts off again.
    pub(super) fn deeper(&mut self, start: usize) -> Parsed<()> {
        if self.depth >= MAX_NESTING {
            return self.error_at(start, format!("nested more than {MAX_NESTING} levels deep"));
        }
        self.depth += 1;
        Ok(())
    }

    /// Runs `parse` with newlines counting (or not), then goes back to how it was.
    pub(super) fn with_newlines<T>(&mut self, count: bool, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        let before = std::mem::replace(&mut self.newlines, count);
        let parsed = parse(self);
        self.newlines = before;
        parsed
    }

    /// Skips blanks and comments; newlines too where they do not count.
    pub(super) fn skip(&mut self) -> Parsed<()> {
        loop {
            match self.peek() {
                Some(b' ' | b'\t') => self.at += 1,
                Some(b'\n') if !self.newlines => self.at += 1,
                // A carriage return is part of a newline or no white space at all.
                Some(b'\r') if !self.newlines && self.looking_at("\r\n") => self.at += 2,
                Some(b'#') => self.skip_line_comment(),
                Some(b'/') if self.looking_at("//") => self.skip_line_comment(),
                Some(b'/') if self.looking_at("/*") => match self.after(2).find("*/") {
                    Some(end) => {
                        let start = self.at;
                        self.at += end + 4;
                        self.comment(start);
                    }
                    None => {
                        let start = self.at;
                        self.at = self.text.len();
                        return self.error_at(start, "this comment is not closed: `*/` is missing");
                    }
                },
                _ => return Ok(()),
            }
        }
    }

    /// To the end of the line, whose newline still counts.
    fn skip_line_comment(&mut self) {
        let start = self.at;
        self.at += self.rest().find('\n').unwrap_or(self.rest().len());
        self.comment(start);
    }

    fn comment(&mut self, start: usize) {
        let comment = start..self.at;
        if let Some(comments) = &mut self.comments {
            comments.push(comment);
        }
    }

    /// Skips blanks, comments and newlines.
    pub(super) fn skip_lines(&mut self) -> Parsed<()> {
        self.with_newlines(false, Self::skip)
    }

    pub(super) fn at_newline(&self) -> bool {
        self.looking_at("\n") || self.looking_at("\r\n")
    }

    /// Whether the keyword stands here as a whole word.
    pub(super) fn looking_at_word(&self, word: &str) -> bool {
        self.rest().strip_prefix(word).is_some_and(|rest| !rest.starts_with(is_name_continue))
    }

    /// What stands here, for a message.
    pub(super) fn found(&self) -> String {
        match self.peek_char() {
            None => "the end of the text".into(),
            Some('\n' | '\r') => "the end of the line".into(),
            Some(c) => format!("`{}`", c.escape_debug()),
        }
    }

    // --- bodies ---

    pub(super) fn file(&mut self) -> Body {
        let mut body = Body::default();
        let mut names = Names::default();
        loop {
            let item = self.skip_lines().and_then(|()| {
                if self.at >= self.text.len() {
                    return Ok(false);
                }
                self.body_item(&mut body, &mut names)?;
                self.end_of_item()?;
                Ok(true)
            });
            match item {
                Ok(true) => {}
                Ok(false) => return body,
                Err(error) => {
                    self.errors.push(error);
                    self.newlines = true;
                    self.depth = 0;
                    self.height = 0;
                    self.recover();
                }
            }
        }
    }

    /// Moves to the next line that looks like the start of a top-level block or attribute.
    fn recover(&mut self) {
        while let Some(line) = self.rest().find('\n') {
            self.at += line + 1;
            let line = self.rest().lines().next().unwrap_or_default();
            if looks_like_item(line) {
                return;
            }
        }
        self.at = self.text.len();
    }

    fn end_of_item(&mut self) -> Parsed<()> {
        self.skip()?;
        if self.at_newline() || self.at >= self.text.len() {
            return Ok(());
        }
        self.error_at(self.at, format!("a new line is expected after an argument or a block, not {}", self.found()))
    }

    /// One attribute or block.
    fn body_item(&mut self, body: &mut Body, names: &mut Names) -> Parsed<()> {
        let start = self.at;
        let Some(name) = self.name() else {
            return self
                .error_at(start, format!("an argument or block definition is expected here, not {}", self.found()));
        };
        self.skip()?;
        if self.looking_at("=") && !self.looking_at("==") {
            let attribute = self.attribute(name)?;
            if names.insert(&attribute.name.text, &body.attributes) {
                body.attributes.push(attribute);
            } else {
                let message = format!("the argument `{}` is already set in this block", attribute.name.text);
                self.errors.push(SyntaxError { message, span: attribute.name.span });
            }
            return Ok(());
        }
        self.block(name, start, body)
    }

    fn attribute(&mut self, name: Name) -> Parsed<Attribute> {
        self.at += 1;
        let value = self.with_newlines(true, Self::expression)?;
        Ok(Attribute { name, value })
    }

    fn block(&mut self, kind: Name, start: usize, body: &mut Body) -> Parsed<()> {
        let mut labels = Vec::new();
        let mut header_end = self.at;
        loop {
            if self.take("{") {
                break;
            }
            let label_start = self.at;
            if self.looking_at("\"") {
                labels.push(self.quoted_label()?);
            } else if let Some(label) = self.name() {
                labels.push(label);
            } else {
                let message = if labels.is_empty() {
                    format!("`=` or `{{` is expected after `{}`, not {}", kind.text, self.found())
                } else {
                    format!("`{{` is expected after the labels of a block, not {}", self.found())
                };
                return self.error_at(label_start, message);
            }
            header_end = self.at;
            self.skip()?;
        }
        let header_end = if labels.is_empty() { start + kind.text.len() } else { header_end };
        let header = self.place.span(start, header_end);
        let content = self.nested(|parser| parser.with_newlines(true, Self::block_body))?;
        body.blocks.push(Block { kind, labels, header, span: self.span_from(start), body: content });
        Ok(())
    }

    /// After `{`, up to and with `}`. A block on one line holds at most one attribute.
    fn block_body(&mut self) -> Parsed<Body> {
        let open = self.at - 1;
        let mut body = Body::default();
        self.skip()?;
        if self.take("}") {
            return Ok(body);
        }
        if !self.at_newline() && self.at < self.text.len() {
            let start = self.at;
            let Some(name) = self.name() else {
                return self.error_at(start, format!("an argument or `}}` is expected here, not {}", self.found()));
            };
            self.skip()?;
            if !self.looking_at("=") || self.looking_at("==") {
                return self.error_at(self.at, "a block on one line may only hold one argument; use several lines");
            }
            body.attributes.push(self.attribute(name)?);
            self.skip()?;
            if self.take("}") {
                return Ok(body);
            }
            return self.error_at(
                self.at,
                format!("a block on one line ends with `}}` after its argument, not {}", self.found()),
            );
        }
        let mut names = Names::default();
        loop {
            self.skip_lines()?;
            if self.take("}") {
                return Ok(body);
            }
            if self.at >= self.text.len() {
                return self.error_at(open, "this block is not closed: `}` is missing");
            }
            self.body_item(&mut body, &mut names)?;
            self.skip()?;
            if !self.at_newline() && self.at < self.text.len() {
                self.end_of_item()?;
            }
        }
    }

    // --- whole texts ---

    /// An expression that is the whole text; whether newlines end it, as they end an argument of a body.
    pub(super) fn whole_expression(&mut self, newlines: bool) -> Parsed<Expr> {
        self.newlines = newlines;
        let expr = self.expression()?;
        self.skip_lines()?;
        if self.at < self.text.len() {
            return self
                .error_at(self.at, format!("nothing more is expected after the expression, not {}", self.found()));
        }
        Ok(expr)
    }
}

/// The names of the arguments of a body, once there are so many that looking at each takes longer.
#[derive(Default)]
struct Names(HashSet<Arc<str>>);

impl Names {
    const FEW: usize = 16;

    /// Whether no argument so far has the name.
    fn insert(&mut self, name: &Arc<str>, before: &[Attribute]) -> bool {
        if before.len() < Self::FEW {
            return before.iter().all(|attribute| attribute.name.text != *name);
        }
        if self.0.is_empty() {
            self.0.extend(before.iter().map(|attribute| Arc::clone(&attribute.name.text)));
        }
        self.0.insert(Arc::clone(name))
    }
}

/// Whether a line starts, in its first column, with what may be a block or an attribute.
fn looks_like_item(line: &str) -> bool {
    if !line.starts_with(is_name_start) {
        return false;
    }
    let mut rest = line.trim_start_matches(is_name_continue).trim_start();
    if rest.starts_with('=') {
        return !rest.starts_with("==");
    }
    while !rest.starts_with('{') {
        rest = match rest.strip_prefix('"').and_then(|label| label.split_once('"')) {
            Some((_, after)) => after.trim_start(),
            None if rest.starts_with(is_name_start) => rest.trim_start_matches(is_name_continue).trim_start(),
            None => return false,
        };
    }
    true
}
