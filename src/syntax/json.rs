//! JSON, strictly as RFC 8259 has it, into the tree that YAML becomes too.
//!
//! The parser reads bytes, not text, because a partly known string is read with it as well: the byte [`HOLE`], which
//! cannot occur in UTF-8, stands for a part that is not written in the text.

use std::ops::Range;
use std::sync::Arc;

use crate::source::{FileId, Span};
use crate::syntax::node::{MAX_NODES, Node, NodeKind, Scalar, Style, SyntaxError, Texts, exact};

/// Stands for an unknown or encoded part of a text.
pub const HOLE: u8 = 0xFF;

/// How deeply arrays and objects may be nested.
pub const MAX_DEPTH: usize = 256;

/// Why bytes are no JSON: where, what, and whether a hole is to blame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong.
    pub message: String,
    /// The bytes that are.
    pub range: Range<usize>,
    /// The number of a hole that may be the cause: what stands there could make the text valid or invalid.
    pub hole: Option<usize>,
}

/// A stretch of the inside of a JSON string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// Characters that stand for themselves.
    Raw(Range<usize>),
    /// An escape and what it means. A lone surrogate means U+FFFD, as in Go's and most other decoders.
    Escape(Range<usize>, char),
    /// A [`HOLE`].
    Hole(usize),
}

/// Parses a whole JSON text that is the content of `file`.
///
/// # Errors
/// The first violation of the grammar, nesting deeper than [`MAX_DEPTH`] included.
pub fn parse(text: &str, file: FileId) -> Result<Node, SyntaxError> {
    parse_at(text, Span::start_of(file))
}

/// Parses a whole JSON text that stands at the start of `base`.
///
/// # Errors
/// As [`parse`].
pub fn parse_at(text: &str, base: Span) -> Result<Node, SyntaxError> {
    parse_holes(text.as_bytes(), base).map_err(|fault| {
        let offset = base.start as usize;
        let span = Span::new(base.file, offset + fault.range.start, offset + fault.range.end);
        SyntaxError { message: fault.message, span }
    })
}

/// Parses bytes in which [`HOLE`] may stand. A hole in value position becomes [`NodeKind::Hole`]; one inside a string
/// is U+FFFD in the scalar's text, which is then not `exact`: see [`segments`]. Holes are numbered in order.
///
/// # Errors
/// As [`parse`].
pub fn parse_holes(bytes: &[u8], base: Span) -> Result<Node, Fault> {
    parse_at_most(MAX_NODES, bytes, base)
}

fn parse_at_most(nodes: usize, bytes: &[u8], base: Span) -> Result<Node, Fault> {
    Parser { bytes, at: 0, base, left: nodes, most: nodes, holes: 0, open_hole: None, texts: Texts::of(bytes.len()) }
        .document()
}

/// The stretches of `content`, the range of a string's inside.
pub fn segments(bytes: &[u8], content: Range<usize>) -> Result<Vec<Segment>, Range<usize>> {
    let mut found = Vec::new();
    let mut at = content.start;
    let mut raw = at;
    while let Some(byte) = bytes.get(at).filter(|_| at < content.end) {
        if !matches!(byte, b'\\' | &HOLE) {
            at += 1;
            continue;
        }
        if raw < at {
            found.push(Segment::Raw(raw..at));
        }
        if *byte == HOLE {
            found.push(Segment::Hole(at));
            at += 1;
        } else {
            let (length, char) =
                escape(bytes.get(at..content.end).unwrap_or_default()).ok_or(at..(at + 2).min(content.end))?;
            found.push(Segment::Escape(at..at + length, char));
            at += length;
        }
        raw = at;
    }
    if raw < at {
        found.push(Segment::Raw(raw..at));
    }
    Ok(found)
}

/// The escape at the start of `bytes`: its length and meaning.
fn escape(bytes: &[u8]) -> Option<(usize, char)> {
    let simple = match bytes.get(1)? {
        b'u' => {
            let unit = code_unit(bytes)?;
            if !(0xD800..0xDC00).contains(&unit) {
                return Some((6, char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER)));
            }
            let low = bytes.get(6..).and_then(code_unit).filter(|low| (0xDC00..0xE000).contains(low));
            return Some(
                match low.and_then(|low| char::from_u32(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00))) {
                    Some(pair) => (12, pair),
                    None => (6, char::REPLACEMENT_CHARACTER),
                },
            );
        }
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        _ => return None,
    };
    Some((2, simple))
}

/// The code unit of `\uXXXX` at the start of `bytes`.
fn code_unit(bytes: &[u8]) -> Option<u32> {
    let digits = bytes.strip_prefix(b"\\u")?.get(..4)?;
    digits.iter().try_fold(0, |unit, digit| Some(unit * 16 + char::from(*digit).to_digit(16)?))
}

/// An array or object that is not closed yet.
struct Open {
    start: usize,
    content: Content,
}

enum Content {
    Sequence(Vec<Node>),
    /// The entries, and the key whose value comes next.
    Mapping(Vec<(Node, Node)>, Option<Node>),
}

struct Parser<'a> {
    bytes: &'a [u8],
    at: usize,
    base: Span,
    /// How many nodes there may still be, and how many there may be in all.
    left: usize,
    most: usize,
    /// How many holes were passed.
    holes: usize,
    /// The last hole that stood outside a string.
    open_hole: Option<usize>,
    texts: Texts,
}

impl Parser<'_> {
    fn document(mut self) -> Result<Node, Fault> {
        if self.bytes.starts_with("\u{feff}".as_bytes()) {
            self.at = 3;
        }
        let mut stack: Vec<Open> = Vec::new();
        loop {
            self.blank();
            self.count()?;
            let start = self.at;
            let opened = match self.peek() {
                Some(b'[') => Some(Content::Sequence(Vec::new())),
                Some(b'{') => Some(Content::Mapping(Vec::new(), None)),
                _ => None,
            };
            let mut value = match opened {
                Some(content) => {
                    if stack.len() == MAX_DEPTH {
                        return Err(self.fault(format!("nested more than {MAX_DEPTH} levels deep"), start..start + 1));
                    }
                    self.at += 1;
                    self.blank();
                    let mut open = Open { start, content };
                    if self.peek() == Some(open.closer()) {
                        self.close(open)
                    } else {
                        self.key(&mut open)?;
                        stack.push(open);
                        continue;
                    }
                }
                None => self.scalar()?,
            };
            // A value is complete: it goes into what is open, and whatever is closed after it does too.
            loop {
                self.blank();
                let Some(mut open) = stack.pop() else {
                    return match self.peek() {
                        None => Ok(value),
                        Some(_) => Err(self.unexpected("the end of the text")),
                    };
                };
                let closer = open.closer();
                match &mut open.content {
                    Content::Sequence(elements) => elements.push(value),
                    Content::Mapping(entries, key) => entries.extend(key.take().map(|key| (key, value))),
                }
                match self.peek() {
                    Some(b',') => {
                        self.at += 1;
                        self.blank();
                        self.key(&mut open)?;
                        stack.push(open);
                        break;
                    }
                    Some(byte) if byte == closer => value = self.close(open),
                    _ => return Err(self.unexpected(&format!("`,` or `{}`", char::from(closer)))),
                }
            }
        }
    }

    /// Counts a node.
    fn count(&mut self) -> Result<(), Fault> {
        let left = self.left.checked_sub(1);
        self.left = left.ok_or_else(|| {
            self.fault(format!("more than {} values and keys in one text", self.most), self.at..self.at)
        })?;
        Ok(())
    }

    /// Reads what stands before a value: in an object its key and colon.
    fn key(&mut self, open: &mut Open) -> Result<(), Fault> {
        let Content::Mapping(_, pending) = &mut open.content else {
            return Ok(());
        };
        self.count()?;
        if self.peek() != Some(b'"') {
            return Err(self.unexpected("a key in double quotes"));
        }
        *pending = Some(self.string()?);
        self.blank();
        if self.peek() != Some(b':') {
            return Err(self.unexpected("`:`"));
        }
        self.at += 1;
        Ok(())
    }

    fn close(&mut self, open: Open) -> Node {
        self.at += 1;
        let kind = match open.content {
            Content::Sequence(elements) => NodeKind::Sequence(exact(elements)),
            Content::Mapping(entries, _) => NodeKind::Mapping(exact(entries)),
        };
        self.node(kind, open.start..self.at)
    }

    fn scalar(&mut self) -> Result<Node, Fault> {
        match self.peek() {
            Some(b'"') => self.string(),
            Some(HOLE) => {
                let number = self.holes;
                self.holes += 1;
                self.open_hole = Some(number);
                self.at += 1;
                Ok(self.node(NodeKind::Hole(number), self.at - 1..self.at))
            }
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => {
                for word in ["true", "false", "null"] {
                    if self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(word.as_bytes())) {
                        self.at += word.len();
                        return Ok(self.plain(word, self.at - word.len()));
                    }
                }
                Err(self.unexpected("a value"))
            }
        }
    }

    /// A number: `-`? integer without leading zero, fraction?, exponent?
    fn number(&mut self) -> Result<Node, Fault> {
        let start = self.at;
        self.skip(|byte| byte == b'-', 1);
        if self.skip(|byte| byte == b'0', 1) == 0 && self.skip(|byte| byte.is_ascii_digit(), usize::MAX) == 0 {
            return Err(self.unexpected("a digit"));
        }
        if self.skip(|byte| byte == b'.', 1) == 1 && self.skip(|byte| byte.is_ascii_digit(), usize::MAX) == 0 {
            return Err(self.unexpected("a digit"));
        }
        if self.skip(|byte| matches!(byte, b'e' | b'E'), 1) == 1 {
            self.skip(|byte| matches!(byte, b'+' | b'-'), 1);
            if self.skip(|byte| byte.is_ascii_digit(), usize::MAX) == 0 {
                return Err(self.unexpected("a digit"));
            }
        }
        let text = String::from_utf8_lossy(self.bytes.get(start..self.at).unwrap_or_default());
        Ok(self.plain(&text, start))
    }

    fn plain(&mut self, text: &str, start: usize) -> Node {
        let content = self.span(start..self.at);
        let scalar = Scalar { text: self.texts.share(text), content, exact: true, style: Style::Plain };
        self.node(NodeKind::Scalar(scalar), start..self.at)
    }

    fn string(&mut self) -> Result<Node, Fault> {
        let start = self.at;
        self.at += 1;
        let mut exact = true;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    exact = false;
                    self.at += 2;
                }
                Some(HOLE) => {
                    exact = false;
                    self.holes += 1;
                    self.at += 1;
                }
                Some(0..0x20) => {
                    let message = "a control character inside a string must be escaped".into();
                    return Err(self.fault(message, self.at..self.at + 1));
                }
                Some(_) => self.at += 1,
                None => return Err(self.fault("this string is not closed".into(), start..start + 1)),
            }
        }
        let content = start + 1..self.at;
        self.at += 1;
        let raw = String::from_utf8_lossy(self.bytes.get(content.clone()).unwrap_or_default());
        let text: Arc<str> = if exact {
            self.texts.share(&raw)
        } else {
            let parts = segments(self.bytes, content.clone())
                .map_err(|range| self.fault("not an escape that JSON knows".into(), range))?;
            let mut text = String::with_capacity(raw.len());
            for part in parts {
                match part {
                    Segment::Raw(range) => {
                        text.push_str(&String::from_utf8_lossy(self.bytes.get(range).unwrap_or_default()));
                    }
                    Segment::Escape(_, char) => text.push(char),
                    Segment::Hole(_) => text.push(char::REPLACEMENT_CHARACTER),
                }
            }
            text.into()
        };
        let scalar = Scalar { text, content: self.span(content), exact, style: Style::Text };
        Ok(self.node(NodeKind::Scalar(scalar), start..self.at))
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn blank(&mut self) {
        self.skip(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'), usize::MAX);
    }

    /// Passes up to `most` bytes that `fits` accepts; how many they were.
    fn skip(&mut self, fits: impl Fn(u8) -> bool, most: usize) -> usize {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let count = rest.iter().take(most).take_while(|byte| fits(**byte)).count();
        self.at += count;
        count
    }

    fn span(&self, range: Range<usize>) -> Span {
        let offset = self.base.start as usize;
        Span::new(self.base.file, offset + range.start, offset + range.end)
    }

    fn node(&self, kind: NodeKind, range: Range<usize>) -> Node {
        Node { kind, span: self.span(range), tag: None }
    }

    fn unexpected(&mut self, wanted: &str) -> Fault {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let length = rest.iter().skip(1).take_while(|byte| (**byte & 0xC0) == 0x80).count() + 1;
        match rest.first() {
            None => self.fault(format!("expected {wanted}, but the text ends"), self.at..self.at),
            Some(&HOLE) => {
                self.open_hole = Some(self.holes);
                self.fault(format!("expected {wanted}, found a part that is not known"), self.at..self.at + 1)
            }
            Some(_) => {
                let found = String::from_utf8_lossy(rest.get(..length).unwrap_or(rest)).escape_debug().to_string();
                self.fault(format!("expected {wanted}, found `{found}`"), self.at..self.at + length)
            }
        }
    }

    fn fault(&self, message: String, range: Range<usize>) -> Fault {
        Fault { message, range, hole: self.open_hole }
    }
}

impl Open {
    fn closer(&self) -> u8 {
        match self.content {
            Content::Sequence(_) => b']',
            Content::Mapping(..) => b'}',
        }
    }
}

#[cfg(test)]
mod tests;
