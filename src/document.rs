//! A string or value read as a JSON or YAML document, with spans and unknown parts inside.
//!
//! A partly known string is written out with a stand-in for each part that is not known, parsed as any file is, and the
//! positions in what was written out are then taken back to the places the string's pieces came from.

mod scalars;

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use crate::source::{FileId, Sources, Span};
use crate::syntax::json::{self, Segment};
use crate::syntax::node::{Node, NodeKind, Scalar, Style, SyntaxError};
use crate::syntax::yaml;
use crate::text::{Literal, Piece, Text};
use crate::types::Type;
use crate::value::{Fields, Kind, Marks, Origin, Reason, Value};

use scalars::typed;

/// Why there is no document.
#[derive(Clone, Debug)]
pub enum DocumentError {
    /// The text is no JSON (or YAML).
    Syntax {
        /// What is wrong.
        message: String,
        /// Where, as near as can be told.
        span: Option<Span>,
    },
    /// Its structure depends on something unknown.
    Unknown(Reason),
}

/// How a plain YAML scalar gets its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scalars {
    /// As Terraform's `yamldecode`: YAML 1.1's many truth values, `_` in numbers, dates in full.
    Terraform,
    /// As CloudFormation needs it: `true` and `false`, numbers only if they read back as written, and never the twelve
    /// digits of an account id. JSON's scalars come out as JSON has them.
    CloudFormation,
}

/// The document that a string holds (JSON), or the value itself if it already is one. Objects keep the spans of their
/// keys and remember repeated ones; an unknown inside a string makes a partly known string, one in value position an
/// unknown value; the value that an encoding function encoded is taken as it is.
///
/// # Errors
/// See [`DocumentError`].
pub fn read(value: &Value) -> Result<Value, DocumentError> {
    read_as(value, Written::json, |written| {
        json::parse_holes(&written.bytes, Span::start_of(scratch())).map_err(|fault| {
            match fault.hole.and_then(|number| written.holes().nth(number)) {
                Some((_, hole)) => blame(hole),
                None => DocumentError::Syntax { message: fault.message, span: written.span(fault.range) },
            }
        })
    })
}

/// The YAML document that a string holds, typed as Terraform's `yamldecode` types it, else as [`read`].
///
/// # Errors
/// See [`DocumentError`]. Several documents are an error, and so is none.
pub fn read_yaml(value: &Value) -> Result<Value, DocumentError> {
    read_as(value, Written::yaml, |written| {
        let text = String::from_utf8_lossy(&written.bytes);
        let fail = |error: SyntaxError| DocumentError::Syntax {
            message: error.message,
            span: written.span(error.span.start as usize..error.span.end as usize),
        };
        let mut documents = yaml::parse(&text, scratch()).map_err(fail)?;
        if let Some(second) = documents.get(1) {
            return Err(fail(SyntaxError { message: "a second document".into(), span: second.span }));
        }
        let none = || SyntaxError { message: "missing start of document".into(), span: Span::start_of(scratch()) };
        documents.pop().ok_or_else(|| fail(none()))
    })
}

/// The value of a node of a file with this text. Keys that are no scalars are left out; tags other than YAML's own
/// count for nothing.
pub fn from_node(node: &Node, source: &str, scalars: Scalars) -> Value {
    let reader = Reader::of_file(source, scalars);
    // Only holes fail, and a file has none.
    reader.value(node).unwrap_or_else(|_| Value::unknown(Type::Dynamic, Reason::new("document", "is not known", None)))
}

/// The value of one scalar of a file with this text.
pub fn from_scalar(scalar: &Scalar, span: Span, source: &str, scalars: Scalars) -> Value {
    Value::new(Reader::of_file(source, scalars).scalar(scalar, scalar.style == Style::Plain)).at(span)
}

/// The text of a scalar of a file with this text, with the places its characters stand at.
pub fn scalar_text(scalar: &Scalar, source: &str) -> Text {
    Reader::of_file(source, Scalars::CloudFormation).text(scalar)
}

/// A string to be cut up by byte offsets, unknown parts counting nothing; each cut is cheap.
pub struct Slices(Written);

impl Slices {
    /// Prepares a string, encoded parts written out.
    pub fn new(text: &Text) -> Self {
        Self::with_stand_in(text, "")
    }

    /// Prepares a string to be parsed: `stand_in` is written out for each part that is not known, and takes up bytes.
    pub fn with_stand_in(text: &Text, stand_in: &str) -> Self {
        Self(Written::new(&text.flattened(), stand_in.as_bytes()))
    }

    /// The string as it is written out.
    pub fn written(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.0.bytes)
    }

    /// The characters in `range`, with the unknown parts between them.
    pub fn text(&self, range: Range<usize>) -> Text {
        Text::from_pieces(self.0.pieces(range).into_iter().map(|(_, piece)| piece))
    }

    /// Where the characters in `range` were written.
    pub fn span(&self, range: Range<usize>) -> Option<Span> {
        self.0.span(range)
    }
}

fn read_as(
    value: &Value,
    write: fn(&Text) -> Written,
    parse: impl Fn(&Written) -> Result<Node, DocumentError>,
) -> Result<Value, DocumentError> {
    let text = match &value.kind {
        Kind::Text(text) => text,
        Kind::Unknown(unknown) => return Err(DocumentError::Unknown(unknown.reason.clone())),
        _ => return Ok(value.clone()),
    };
    if let Some(encoded) = text.as_encoded() {
        return Ok(encoded.value.clone().mark(&value.marks));
    }
    let attempt = |text: &Text| {
        let written = write(text);
        let node = parse(&written)?;
        Reader::of_text(&written, value).document(&node)
    };
    let has_encoded = text.pieces().any(|piece| matches!(piece, Piece::Encoded(_)));
    match attempt(text) {
        // What an encoding function made may also stand inside a string, or be only a part of the structure.
        Err(_) if has_encoded => attempt(&text.flattened()),
        result => result,
    }
}

/// A file that stands for nothing but positions in what was written out.
fn scratch() -> FileId {
    Sources::default().file("".into())
}

fn blame(piece: &Piece) -> DocumentError {
    DocumentError::Unknown(match piece {
        Piece::Unknown(unknown) => unknown.reason.clone(),
        _ => Reason::new("document", "is encoded in a way that cannot be read", None),
    })
}

/// A string written out, stand-ins for what is not known included.
struct Written {
    bytes: Vec<u8>,
    parts: Vec<(Range<usize>, Piece)>,
}

impl Written {
    fn new(text: &Text, hole: &[u8]) -> Self {
        let mut written = Self { bytes: Vec::new(), parts: Vec::new() };
        for piece in text.pieces() {
            let start = written.bytes.len();
            written.bytes.extend_from_slice(match &piece {
                Piece::Literal(literal) => literal.text.as_bytes(),
                _ => hole,
            });
            written.parts.push((start..written.bytes.len(), piece));
        }
        written
    }

    fn json(text: &Text) -> Self {
        Self::new(text, &[json::HOLE])
    }

    /// YAML is read as text: a character for private use that does not occur stands for what is not known.
    fn yaml(text: &Text) -> Self {
        let flat = text.flattened();
        let plain = Self::new(&flat, &[]);
        let known = String::from_utf8_lossy(&plain.bytes);
        let stand_in = ('\u{f0000}'..'\u{f00ff}').find(|char| !known.contains(*char)).unwrap_or('\u{f0000}');
        Self::new(&flat, stand_in.to_string().as_bytes())
    }

    /// What stands where there is a stand-in, each with its position.
    fn holes(&self) -> impl Iterator<Item = (usize, &Piece)> {
        let holes = self.parts.iter().filter(|(_, piece)| !matches!(piece, Piece::Literal(_)));
        holes.map(|(part, piece)| (part.start, piece))
    }

    /// The parts that overlap `range`; for an empty range the one it lies in.
    fn overlapping(&self, range: &Range<usize>) -> impl Iterator<Item = &(Range<usize>, Piece)> {
        let from = self.parts.partition_point(|(part, _)| part.end <= range.start && part.end < range.end);
        let end = range.end.max(range.start + 1);
        self.parts.iter().skip(from).take_while(move |(part, _)| part.start < end)
    }

    /// The pieces of `range`, each with the start of the part it is of.
    fn pieces(&self, range: Range<usize>) -> Vec<(usize, Piece)> {
        let cut = |(part, piece): &(Range<usize>, Piece)| {
            let Piece::Literal(literal) = piece else { return (part.start, piece.clone()) };
            let (from, to) =
                (range.start.max(part.start) - part.start, range.end.min(part.end).saturating_sub(part.start));
            let text = literal.text.get(from..to).unwrap_or_default();
            let span = literal.span.map(|span| if literal.exact { span.slice(from, to) } else { span });
            (part.start, Piece::Literal(Literal { text: text.into(), span, exact: literal.exact }))
        };
        self.overlapping(&range).map(cut).collect()
    }

    /// Where the characters of `range` were written, as far as they were written in one file.
    fn span(&self, range: Range<usize>) -> Option<Span> {
        let spans = self.overlapping(&range).filter_map(|(part, piece)| match piece {
            Piece::Literal(literal) if literal.exact => {
                let to = range.end.min(part.end).saturating_sub(part.start);
                literal.span.map(|span| span.slice(range.start.saturating_sub(part.start), to))
            }
            Piece::Literal(literal) => literal.span,
            _ => None,
        });
        spans.reduce(Span::to)
    }
}

/// Makes values of nodes.
struct Reader<'a> {
    source: &'a [u8],
    scalars: Scalars,
    /// What the nodes were read from, if it is no file; and the origin and marks of the string.
    written: Option<(&'a Written, &'a Origin)>,
    marks: Marks,
    /// Where the holes lie that ended up in a value.
    seen: RefCell<BTreeSet<usize>>,
}

/// A part of a scalar: a range of the source, or characters that a range of the source stands for.
enum Part {
    Raw(Range<usize>),
    Meant(String, Range<usize>),
}

impl<'a> Reader<'a> {
    fn of_file(source: &'a str, scalars: Scalars) -> Self {
        let source = source.as_bytes();
        Self { source, scalars, written: None, marks: Marks::NONE, seen: RefCell::default() }
    }

    fn of_text(written: &'a Written, value: &'a Value) -> Self {
        let (source, written) = (&*written.bytes, Some((written, &value.origin)));
        Self { source, scalars: Scalars::Terraform, written, marks: value.marks.clone(), seen: RefCell::default() }
    }

    fn document(&self, node: &Node) -> Result<Value, DocumentError> {
        let value = self.value(node)?;
        let Some((written, _)) = self.written else { return Ok(value) };
        match (&value.kind, &node.kind) {
            (Kind::Unknown(unknown), _) => Err(DocumentError::Unknown(unknown.reason.clone())),
            // A part that ended up in no value may be anything, even structure.
            _ => match written.holes().find(|(at, _)| !self.seen.borrow().contains(at)) {
                Some((_, hole)) => Err(blame(hole)),
                None => Ok(value),
            },
        }
    }

    fn value(&self, node: &Node) -> Result<Value, DocumentError> {
        let kind = match &node.kind {
            NodeKind::Hole(_) => {
                self.seen.borrow_mut().insert(node.span.start as usize);
                match self.written.and_then(|(written, _)| written.pieces(range(node.span)).into_iter().next()) {
                    Some((_, Piece::Encoded(encoded))) => return Ok(encoded.value.clone().mark(&self.marks)),
                    Some((_, Piece::Unknown(unknown))) => Value::unknown(Type::Dynamic, unknown.reason.clone()).kind,
                    _ => Kind::Null(Type::Dynamic),
                }
            }
            NodeKind::Scalar(scalar) => self.tagged(node, scalar)?,
            NodeKind::Sequence(elements) => {
                Kind::Tuple(Arc::new(elements.iter().map(|element| self.value(element)).collect::<Result<_, _>>()?))
            }
            NodeKind::Mapping(entries) => {
                let mut fields = Fields::default();
                for (key, value) in entries {
                    let Some(name) = self.key(key)? else { continue };
                    fields.insert(name, self.place(key.span), self.value(value)?);
                }
                Kind::Object(Arc::new(fields))
            }
        };
        Ok(Value { kind, origin: self.origin(node.span), marks: self.marks.clone() })
    }

    /// A key. In `yamldecode` it has a type like every scalar and is converted to a string: `yes` is `true`, `0x10` is
    /// `16` (<https://github.com/zclconf/go-cty-yaml>, converter.go).
    fn key(&self, key: &Node) -> Result<Option<Arc<str>>, DocumentError> {
        let fail =
            |message: &str| Err(DocumentError::Syntax { message: message.to_owned(), span: self.place(key.span) });
        let Some(name) = key.as_scalar() else {
            return if self.written.is_some() { fail("a key must be a string") } else { Ok(None) };
        };
        if let Some(unknown) = self.text(name).unknown_part() {
            return Err(DocumentError::Unknown(unknown.reason.clone()));
        }
        if self.written.is_none() {
            return Ok(Some(Arc::clone(&name.text)));
        }
        Ok(Some(match self.tagged(key, name)? {
            Kind::Null(_) => return fail("a key cannot be null"),
            Kind::Bool(known) => Arc::from(if known { "true" } else { "false" }),
            Kind::Number(number) => Arc::from(number.to_string()),
            Kind::Text(text) => text.as_str().map_or_else(|| Arc::clone(&name.text), Arc::from),
            _ => Arc::clone(&name.text),
        }))
    }

    /// A scalar with YAML's own tags obeyed (`!` alone says that it is a string).
    fn tagged(&self, node: &Node, scalar: &Scalar) -> Result<Kind, DocumentError> {
        let plain = match node.tag.as_ref().map(|tag| &*tag.name) {
            None => scalar.style == Style::Plain,
            Some("!!str" | "!!binary" | "!") => false,
            Some("!!null") if scalar.style == Style::Plain => return Ok(Kind::Null(Type::Dynamic)),
            // What stands in quotes is a string all the same.
            Some("!!null" | "!!bool" | "!!int" | "!!float" | "!!timestamp") => scalar.style == Style::Plain,
            Some(tag) if self.written.is_some() => {
                let span = self.place(node.span);
                return Err(DocumentError::Syntax { message: format!("the tag {tag} is not supported"), span });
            }
            Some(_) => scalar.style == Style::Plain,
        };
        Ok(self.scalar(scalar, plain))
    }

    fn scalar(&self, scalar: &Scalar, plain: bool) -> Kind {
        let text = self.text(scalar);
        if !plain {
            return Kind::Text(text);
        }
        match (text.sole_unknown(), text.unknown_part()) {
            (Some(unknown), _) => Value::unknown(Type::Dynamic, unknown.reason.clone()).kind,
            (None, Some(_)) => Kind::Text(text),
            (None, None) => typed(&scalar.text, self.scalars, text),
        }
    }

    fn place(&self, span: Span) -> Option<Span> {
        match self.written {
            Some((written, _)) => written.span(range(span)),
            None => Some(span),
        }
    }

    /// A part of a document is used where the document is, and written where it stands in it.
    fn origin(&self, span: Span) -> Origin {
        let place = self.place(span);
        match self.written {
            Some((_, whole)) if whole.hops.is_some() => whole.select(&Origin { span: place, hops: None }, whole.span),
            Some((_, whole)) => Origin { span: place.or(whole.span), hops: None },
            None => Origin { span: place, hops: None },
        }
    }

    fn text(&self, scalar: &Scalar) -> Text {
        let Some((written, _)) = self.written else {
            if scalar.exact {
                return Text::literal(Arc::clone(&scalar.text), Some(scalar.content), true);
            }
            let literal = |text: &str, range: Range<usize>, exact| {
                let span = Some(Span::new(scalar.content.file, range.start, range.end));
                Piece::Literal(Literal { text: text.into(), span, exact })
            };
            return Text::from_pieces(self.parts(scalar).into_iter().map(|part| match part {
                Part::Raw(range) => literal(&self.raw(&range), range, true),
                Part::Meant(text, range) => literal(&text, range, false),
            }));
        };
        let mut pieces = Vec::new();
        for part in self.parts(scalar) {
            match part {
                Part::Raw(range) => {
                    for (start, piece) in written.pieces(range) {
                        // An encoded document inside a string is not accounted for: its quotes end the string.
                        if matches!(piece, Piece::Unknown(_)) {
                            self.seen.borrow_mut().insert(start);
                        }
                        pieces.push(piece);
                    }
                }
                Part::Meant(text, range) => {
                    let span = written.span(range);
                    pieces.push(Piece::Literal(Literal { text: text.into(), span, exact: false }));
                }
            }
        }
        Text::from_pieces(pieces)
    }

    fn raw(&self, range: &Range<usize>) -> String {
        String::from_utf8_lossy(self.source.get(range.clone()).unwrap_or_default()).into_owned()
    }

    fn parts(&self, scalar: &Scalar) -> Vec<Part> {
        let content = range(scalar.content);
        if scalar.exact {
            return vec![Part::Raw(content)];
        }
        self.escaped(scalar, content.clone())
            .or_else(|| aligned(&scalar.text, self.source, content.clone()))
            .unwrap_or_else(|| vec![Part::Meant(scalar.text.to_string(), content)])
    }

    /// The parts of a string with escapes that JSON knows.
    fn escaped(&self, scalar: &Scalar, content: Range<usize>) -> Option<Vec<Part>> {
        let quote = content.start.checked_sub(1).and_then(|before| self.source.get(before));
        if scalar.style != Style::Text || quote != Some(&b'"') {
            return None;
        }
        let mut meant = String::new();
        let parts = json::segments(self.source, content).ok()?.into_iter().map(|segment| match segment {
            Segment::Raw(range) => {
                meant.push_str(&self.raw(&range));
                Part::Raw(range)
            }
            Segment::Hole(at) => {
                meant.push(char::REPLACEMENT_CHARACTER);
                Part::Raw(at..at + 1)
            }
            Segment::Escape(range, char) => {
                meant.push(char);
                Part::Meant(char.into(), range)
            }
        });
        let parts = parts.collect();
        // YAML folds line ends in double quotes, JSON has none.
        (*meant == *scalar.text).then_some(parts)
    }
}

/// The parts of a scalar that differs from its source only in white space (a block scalar, a plain one of several
/// lines) or in doubled single quotes.
fn aligned(text: &str, source: &[u8], content: Range<usize>) -> Option<Vec<Part>> {
    let mut at = content.start;
    if matches!(source.get(at), Some(b'|' | b'>')) {
        // The header of a block scalar is a line of its own.
        at += source.get(content.clone())?.iter().position(|byte| *byte == b'\n')? + 1;
    }
    let mut parts: Vec<Part> = Vec::new();
    for char in text.chars() {
        let mut bytes = [0; 4];
        let bytes = char.encode_utf8(&mut bytes).as_bytes();
        let mut next = at;
        while next < content.end && !source.get(next..)?.starts_with(bytes) && source.get(next)?.is_ascii_whitespace() {
            next += 1;
        }
        if next < content.end && source.get(next..)?.starts_with(bytes) {
            at = next + bytes.len();
            match parts.last_mut() {
                Some(Part::Raw(run)) if run.end == next => run.end = at,
                _ => parts.push(Part::Raw(next..at)),
            }
            // `''` in single quotes.
            if char == '\'' && source.get(at) == Some(&b'\'') && at < content.end {
                at += 1;
            }
        } else if char.is_ascii_whitespace() {
            // Folding made it of the line end that follows, or chomping added it at the end.
            parts.push(Part::Meant(char.into(), at..next.min(content.end)));
        } else {
            return None;
        }
    }
    Some(parts)
}

fn range(span: Span) -> Range<usize> {
    span.start as usize..span.end as usize
}

#[cfg(test)]
mod tests;
