//! YAML as go-cty-yaml writes it: block style, strings in double quotes folded after 80 columns, strings of several
//! lines as literal blocks where YAML allows that.

use std::sync::Arc;

use crate::text::{Literal, Piece, Text};
use crate::value::{Kind, Value};

use super::{EncodeError, Out};

const INDENT: usize = 2;
const WIDTH: usize = 80;

/// Keys longer than this, or of several lines, are written after a question mark.
const LONGEST_KEY: usize = 128;

pub(super) fn text(value: &Value) -> Result<Text, EncodeError> {
    let mut writer = Writer {
        out: Out::default(),
        column: 0,
        indent: None,
        after_space: true,
        only_indented: true,
        open_ended: false,
    };
    writer.node(value, Place::Root)?;
    writer.new_line()?;
    if writer.open_ended {
        writer.indicator("...", true, false, false)?;
        writer.new_line()?;
    }
    Ok(writer.out.finish())
}

/// Where a node stands.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Root,
    Element,
    Key,
    Value,
}

struct Writer {
    out: Out,
    column: usize,
    /// The column at which lines start; none outside of all nodes.
    indent: Option<usize>,
    /// Whether the last character separates.
    after_space: bool,
    /// Whether the line holds only what indents.
    only_indented: bool,
    /// Whether what was written last would go on at the end of the document.
    open_ended: bool,
}

impl Writer {
    fn put(&mut self, text: &str) -> Result<(), EncodeError> {
        self.column += text.chars().count();
        self.out.push(text)
    }

    fn line_end(&mut self) -> Result<(), EncodeError> {
        self.column = 0;
        self.out.push("\n")
    }

    fn new_line(&mut self) -> Result<(), EncodeError> {
        let indent = self.indent.unwrap_or(0);
        if !self.only_indented || self.column > indent || (self.column == indent && !self.after_space) {
            self.line_end()?;
        }
        let missing = indent.saturating_sub(self.column);
        self.put(&" ".repeat(missing))?;
        self.after_space = true;
        self.only_indented = true;
        Ok(())
    }

    fn indicator(&mut self, text: &str, spaced: bool, separates: bool, indents: bool) -> Result<(), EncodeError> {
        if spaced && !self.after_space {
            self.put(" ")?;
        }
        self.put(text)?;
        self.after_space = separates;
        self.only_indented = self.only_indented && indents;
        self.open_ended = false;
        Ok(())
    }

    /// Does something one level further in.
    fn within(
        &mut self,
        indent: usize,
        write: impl FnOnce(&mut Self) -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        let outer = self.indent.replace(indent);
        let written = write(self);
        self.indent = outer;
        written
    }

    fn deeper(&self) -> usize {
        self.indent.map_or(0, |indent| indent + INDENT)
    }

    fn node(&mut self, value: &Value, place: Place) -> Result<(), EncodeError> {
        match &value.kind {
            Kind::Null(_) => self.plain("null", place),
            Kind::Bool(true) => self.plain("true", place),
            Kind::Bool(false) => self.plain("false", place),
            Kind::Number(number) if number.is_finite() => self.plain(&number.to_string(), place),
            Kind::Number(_) => Err(EncodeError::Infinite),
            Kind::Unknown(unknown) => {
                self.plain("", place)?;
                self.out.hole(unknown);
                Ok(())
            }
            Kind::Text(text) => self.text(text, place),
            Kind::Tuple(elements) | Kind::List(_, elements) | Kind::Set(_, elements) => {
                if elements.is_empty() {
                    return self.empty("[", "]");
                }
                // In a mapping a sequence is not set in further than its key.
                let indent = match self.indent {
                    Some(indent) if place == Place::Value && !self.only_indented => indent,
                    _ => self.deeper(),
                };
                self.within(indent, |writer| {
                    elements.iter().try_for_each(|element| {
                        writer.new_line()?;
                        writer.indicator("-", true, false, true)?;
                        writer.node(element, Place::Element)
                    })
                })
            }
            Kind::Object(fields) | Kind::Map(_, fields) => {
                if fields.is_empty() {
                    return self.empty("{", "}");
                }
                self.within(self.deeper(), |writer| {
                    fields.iter().try_for_each(|(key, value)| {
                        writer.new_line()?;
                        let simple = key.len() <= LONGEST_KEY && !key.contains(is_break);
                        if !simple {
                            writer.indicator("?", true, false, true)?;
                        }
                        let name = Text::from(&**key);
                        writer.text(&name, if simple { Place::Key } else { Place::Value })?;
                        if !simple {
                            writer.new_line()?;
                        }
                        writer.indicator(":", !simple, false, !simple)?;
                        writer.node(value, Place::Value)
                    })
                })
            }
        }
    }

    fn empty(&mut self, open: &str, close: &str) -> Result<(), EncodeError> {
        self.indicator(open, true, true, false)?;
        self.indicator(close, false, false, false)
    }

    fn plain(&mut self, text: &str, place: Place) -> Result<(), EncodeError> {
        if !self.after_space {
            self.put(" ")?;
        }
        self.put(text)?;
        self.after_space = false;
        self.only_indented = false;
        self.open_ended = place == Place::Root;
        Ok(())
    }

    fn text(&mut self, text: &Text, place: Place) -> Result<(), EncodeError> {
        let indent = self.indent.map_or(INDENT, |indent| indent + INDENT);
        let known = text.as_str();
        match known {
            Some(known) if known.contains('\n') && place != Place::Key && fits_block(&known) => {
                self.within(indent, |writer| writer.block(text, &known))
            }
            _ => self.within(indent, |writer| writer.quoted(text, place != Place::Key)),
        }
    }

    /// A literal block: lines as they are.
    fn block(&mut self, text: &Text, known: &str) -> Result<(), EncodeError> {
        self.indicator("|", true, false, false)?;
        if known.starts_with([' ', '\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']) {
            self.indicator(&INDENT.to_string(), false, false, false)?;
        }
        let mut back = known.chars().rev();
        let ends = (back.next().is_some_and(is_break), back.next().is_none_or(is_break));
        match ends {
            (false, _) => self.indicator("-", false, false, false)?,
            (true, true) => self.indicator("+", false, false, false)?,
            (true, false) => {}
        }
        self.line_end()?;
        self.only_indented = true;
        self.after_space = true;
        let mut at_start = true;
        for piece in text.flattened().pieces() {
            let Piece::Literal(literal) = piece else {
                continue;
            };
            let mut start = 0;
            for (at, c) in literal.text.char_indices() {
                if is_break(c) {
                    self.copy(&literal, start, at)?;
                    start = at + c.len_utf8();
                    // What is no line feed stays what it is.
                    self.out.push(c.encode_utf8(&mut [0; 4]))?;
                    self.column = 0;
                    self.only_indented = true;
                    at_start = true;
                } else if at_start {
                    self.new_line()?;
                    self.only_indented = false;
                    at_start = false;
                }
            }
            self.copy(&literal, start, literal.text.len())?;
        }
        Ok(())
    }

    /// Copies characters of a literal with their place.
    fn copy(&mut self, literal: &Literal, start: usize, end: usize) -> Result<(), EncodeError> {
        let text = literal.text.get(start..end).unwrap_or_default();
        match literal.span {
            Some(span) if !text.is_empty() => {
                self.column += text.chars().count();
                let span = Some(if literal.exact { span.slice(start, end) } else { span });
                self.out.piece(Piece::Literal(Literal { text: Arc::from(text), span, exact: literal.exact }));
                self.out.push("")
            }
            _ => self.put(text),
        }
    }

    /// In double quotes; a space after the 80th column may become a line end.
    fn quoted(&mut self, text: &Text, may_fold: bool) -> Result<(), EncodeError> {
        self.indicator("\"", true, false, false)?;
        let flat = text.flattened();
        let length = flat.known_len();
        let (mut offset, mut after_space) = (0, false);
        for piece in flat.pieces() {
            let literal = match piece {
                Piece::Literal(literal) => literal,
                other => {
                    self.out.piece(other);
                    after_space = false;
                    continue;
                }
            };
            let mut start = 0;
            for (at, c) in literal.text.char_indices() {
                let width = c.len_utf8();
                let escape = escape(c);
                let inner = offset + at > 0 && offset + at + 1 < length;
                // Characters before this one are not counted yet.
                let column = self.column + literal.text.get(start..at).map_or(0, |run| run.chars().count());
                let folds = c == ' ' && may_fold && !after_space && column > WIDTH && inner;
                if let Some(escape) = &escape {
                    self.copy(&literal, start, at)?;
                    self.put(escape)?;
                    start = at + width;
                } else if folds {
                    self.copy(&literal, start, at)?;
                    self.only_indented = false;
                    self.new_line()?;
                    if literal.text.get(at + width..).is_some_and(|rest| rest.starts_with(' ')) {
                        self.put("\\")?;
                    }
                    start = at + width;
                }
                after_space = c == ' ';
            }
            self.copy(&literal, start, literal.text.len())?;
            offset += literal.text.len();
        }
        self.indicator("\"", false, false, false)
    }
}

fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Whether a string can be a literal block: it does not end in a space, nor does one of its lines, and there is nothing
/// to escape in it.
fn fits_block(text: &str) -> bool {
    let mut previous = '\n';
    let space_before_end = text.chars().any(|c| {
        is_break(c) && std::mem::replace(&mut previous, c) == ' ' || {
            previous = c;
            false
        }
    });
    !text.ends_with(' ') && !space_before_end && text.chars().all(is_printable)
}

fn is_printable(c: char) -> bool {
    // The library takes no character beyond the basic plane for printable.
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}') && c != '\u{feff}'
}

/// How a character is written in double quotes, unless as itself.
fn escape(c: char) -> Option<String> {
    if is_printable(c) && !is_break(c) && !matches!(c, '"' | '\\') {
        return None;
    }
    let short = match c {
        '\0' => '0',
        '\u{7}' => 'a',
        '\u{8}' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\u{b}' => 'v',
        '\u{c}' => 'f',
        '\r' => 'r',
        '\u{1b}' => 'e',
        '"' => '"',
        '\\' => '\\',
        '\u{85}' => 'N',
        '\u{a0}' => '_',
        '\u{2028}' => 'L',
        '\u{2029}' => 'P',
        c => {
            let code = c as u32;
            return Some(match code {
                0..=0xff => format!("\\x{code:02X}"),
                0x100..=0xffff => format!("\\u{code:04X}"),
                _ => format!("\\U{code:08X}"),
            });
        }
    };
    Some(format!("\\{short}"))
}
