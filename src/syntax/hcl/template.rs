//! Templates: quoted strings, heredocs, bare template texts.

use std::sync::Arc;

use unicode_normalization::{UnicodeNormalization, is_nfc};
use unicode_segmentation::UnicodeSegmentation;

use super::parser::{Parsed, Parser};
use super::{Expr, ExprKind, ForPart, Name, Part};
use crate::source::Span;
use crate::text::{Literal, Piece, Text};

/// A template before directives are paired, as HashiCorp's parser has it.
enum Token {
    /// Literal text. In a heredoc each line is a token of its own, which matters to `~` and to indentation.
    Literal(Vec<Literal>),
    Interpolation(Expr),
    If(Expr, usize),
    Else(usize),
    EndIf(usize),
    For(Option<Name>, Name, Box<Expr>, usize),
    EndFor(usize),
}

/// Where a template ends.
#[derive(Clone, Copy)]
enum End<'m> {
    Quote,
    Marker(&'m str),
    Text,
}

impl<'t> Parser<'t> {
    /// `"..."`
    pub(super) fn quoted_template(&mut self) -> Parsed<Expr> {
        let start = self.at;
        self.at += 1;
        if let Some(text) = self.plain_text() {
            let place = self.place.span(self.at, self.at + text.len());
            self.nested(|_| Ok(()))?;
            self.at += text.len() + 1;
            let text = match text {
                "" => Text::from(""),
                text => Text::literal(text, Some(place), self.place.is_exact()),
            };
            return Ok(Expr { kind: ExprKind::Literal(text), span: self.span_from(start) });
        }
        let tokens = self.nested(|parser| parser.tokens(End::Quote, start))?;
        let kind = self.assemble(tokens)?;
        Ok(Expr { kind, span: self.span_from(start) })
    }

    /// A quoted string that is a label of a block: its characters as they are, without sequences.
    pub(super) fn quoted_label(&mut self) -> Parsed<Name> {
        let start = self.at;
        self.at += 1;
        if let Some(label) = self.plain_text() {
            self.at += label.len() + 1;
            return Ok(Name { text: Arc::from(label), span: self.span_from(start) });
        }
        let mut label = String::new();
        for token in self.tokens(End::Quote, start)? {
            let Token::Literal(pieces) = token else {
                return self.error_at(start, "a block label cannot have interpolations");
            };
            label.extend(pieces.iter().map(|piece| &*piece.text));
        }
        Ok(Name { text: Arc::from(label), span: self.span_from(start) })
    }

    /// What stands here up to a quote, if it says nothing but itself: most strings are such.
    fn plain_text(&self) -> Option<&'t str> {
        let rest = self.text.as_bytes().get(self.at..)?;
        let special = |byte: &u8| matches!(byte, b'"' | b'\\' | b'$' | b'%' | b'\n' | b'\r' | 0x80..);
        let end = rest.iter().position(special).filter(|end| rest.get(*end) == Some(&b'"'))?;
        self.text.get(self.at..self.at + end)
    }

    /// The string that a bare name is as the key of an object.
    pub(super) fn bare_text(&self, name: &str, span: Span) -> Text {
        normalized(vec![Literal { text: Arc::from(name), span: Some(span), exact: self.place.is_exact() }])
    }

    pub(super) fn bare_template(&mut self) -> Parsed<Expr> {
        let tokens = self.tokens(End::Text, 0)?;
        let kind = self.assemble(tokens)?;
        Ok(Expr { kind, span: self.span_from(0) })
    }

    /// `<<MARKER` or `<<-MARKER`
    pub(super) fn heredoc(&mut self) -> Parsed<Expr> {
        let start = self.at;
        self.at += 2;
        let flush = self.take("-");
        let Some(marker) = self.name() else {
            return self.error_at(start, "a heredoc needs a marker: `<<EOT`");
        };
        if !self.take("\n") && !self.take("\r\n") {
            return self.error_at(self.at, "the marker of a heredoc must be the last thing on its line");
        }
        let mut tokens = self.nested(|parser| parser.tokens(End::Marker(&marker.text), start))?;
        if flush {
            flush_indentation(&mut tokens);
        }
        let kind = self.assemble(tokens)?;
        let span = self.span_from(start);
        // The newline after the end marker still ends the expression's line.
        Ok(Expr { kind, span })
    }

    fn tokens(&mut self, end: End<'_>, open: usize) -> Parsed<Vec<Token>> {
        let mut tokens: Vec<Token> = Vec::new();
        let mut literal: Vec<Literal> = Vec::new();
        let mut run = self.at;
        let mut trim_next = false;
        // Directives open here, now and at most: their content is a level deeper.
        let (mut open_now, mut open_most) = (0_usize, 0_usize);
        // Whether `${` and `%{` mean something.
        let mut sequences = true;
        loop {
            let done = match end {
                End::Quote => self.looking_at("\""),
                End::Text => self.at >= self.text.len(),
                End::Marker(marker) => self.at_marker(marker),
            };
            let sequence = sequences && (self.looking_at("${") || self.looking_at("%{"));
            if done || sequence {
                self.close_run(&mut literal, run);
                push_literal(&mut tokens, &mut literal, &mut trim_next);
            }
            if done {
                match end {
                    End::Quote => self.at += 1,
                    End::Marker(_) => {
                        let line = self.rest().split('\n').next().unwrap_or_default();
                        self.at += line.strip_suffix('\r').unwrap_or(line).len();
                    }
                    End::Text => {}
                }
                self.depth -= open_now;
                self.height += open_most;
                return Ok(tokens);
            }
            if sequence {
                let start = self.at;
                trim_next = self.sequence(&mut tokens)?;
                match tokens.last() {
                    Some(Token::If(..) | Token::For(..)) => {
                        self.deeper(start)?;
                        open_now += 1;
                        open_most = open_most.max(open_now);
                    }
                    Some(Token::EndIf(_) | Token::EndFor(_)) if open_now > 0 => {
                        self.depth -= 1;
                        open_now -= 1;
                    }
                    _ => {}
                }
                run = self.at;
                continue;
            }
            let Some(c) = self.peek_char() else {
                let what = if matches!(end, End::Quote) { "string" } else { "heredoc" };
                return self.error_at(open, format!("this {what} is not closed"));
            };
            let escape_start = self.at;
            match (c, end) {
                ('$' | '%', _) if self.looking_at("$${") || self.looking_at("%%{") => {
                    self.close_run(&mut literal, run);
                    self.at += 3;
                    let text = if c == '$' { "${" } else { "%{" };
                    literal.push(Literal { text: text.into(), span: Some(self.span_from(escape_start)), exact: false });
                    run = self.at;
                }
                // A lone sign, one more byte and a newline: there HashiCorp's scanner cuts before the newline.
                ('$' | '%', End::Marker(_) | End::Text) if sequences && self.after(2).starts_with(['\n', '\r']) => {
                    self.at += 2;
                    self.close_run(&mut literal, run);
                    push_literal(&mut tokens, &mut literal, &mut trim_next);
                    run = self.at;
                }
                ('\\', End::Quote) => {
                    self.close_run(&mut literal, run);
                    let text = self.escape()?;
                    let span = Some(self.span_from(escape_start));
                    literal.push(Literal {
                        text: Arc::from(text.encode_utf8(&mut [0; 4]) as &str),
                        span,
                        exact: false,
                    });
                    run = self.at;
                }
                ('\n' | '\r', End::Quote) => {
                    return self.error_at(self.at, "a quoted string cannot span lines; use a heredoc or `\\n`");
                }
                ('\r', _) if !self.looking_at("\r\n") => match end {
                    // HashiCorp's parser gives up here and takes what is left of the text as it is.
                    End::Text => {
                        if sequences {
                            self.close_run(&mut literal, run);
                            push_literal(&mut tokens, &mut literal, &mut trim_next);
                            run = self.at;
                        }
                        self.at += 1;
                        sequences = false;
                    }
                    _ => return self.error_at(self.at, "a carriage return may only stand before a line feed"),
                },
                ('\n', End::Marker(_) | End::Text) if sequences => {
                    self.at += 1;
                    self.close_run(&mut literal, run);
                    push_literal(&mut tokens, &mut literal, &mut trim_next);
                    run = self.at;
                }
                // In what is taken as it is signs go by pairs, so that the second of `$$${` escapes nothing.
                ('$' | '%', _) if !sequences && (self.looking_at("$$") || self.looking_at("%%")) => self.at += 2,
                // `$$` and `%%` not before a brace, and lone signs, are literal; `$$${` is `$` and an escape.
                _ => {
                    self.at += c.len_utf8();
                    let special = |byte: &u8| matches!(byte, b'"' | b'\\' | b'$' | b'%' | b'\n' | b'\r');
                    let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
                    self.at += rest.iter().position(special).unwrap_or(rest.len());
                }
            }
        }
    }

    /// Whether the line that starts here is the end marker.
    fn at_marker(&self, marker: &str) -> bool {
        let at_line_start = self.at == 0 || self.text.as_bytes().get(self.at - 1) == Some(&b'\n');
        // The line must end in a newline: HashiCorp's parser takes a marker at the very end of a file for text.
        at_line_start
            && self.rest().split_once('\n').is_some_and(|(line, _)| {
                line.trim() == marker && !line.strip_suffix('\r').unwrap_or(line).contains('\r')
            })
    }

    fn close_run(&self, literal: &mut Vec<Literal>, run: usize) {
        if let Some(text) = self.text.get(run..self.at).filter(|text| !text.is_empty()) {
            let span = Some(self.span_from(run));
            literal.push(Literal { text: Arc::from(text), span, exact: self.place.is_exact() });
        }
    }

    fn escape(&mut self) -> Parsed<char> {
        let start = self.at;
        self.at += 1;
        let digits = match self.peek() {
            Some(b'n') => return self.escaped('\n'),
            Some(b'r') => return self.escaped('\r'),
            Some(b't') => return self.escaped('\t'),
            Some(b'"') => return self.escaped('"'),
            Some(b'\\') => return self.escaped('\\'),
            Some(b'u') => 4,
            Some(b'U') => 8,
            _ => return self.error_at(start, "unknown escape; allowed are \\n \\r \\t \\\" \\\\ \\uNNNN \\UNNNNNNNN"),
        };
        self.at += 1;
        let code = self.rest().get(..digits).filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let Some(found) = code.and_then(|hex| u32::from_str_radix(hex, 16).ok()) else {
            return self.error_at(start, format!("{digits} hexadecimal digits are expected in this escape"));
        };
        self.at += digits;
        match char::from_u32(found) {
            Some(c) => Ok(c),
            None => self.error_at(start, format!("U+{found:04X} is no character")),
        }
    }

    fn escaped(&mut self, c: char) -> Parsed<char> {
        self.at += 1;
        Ok(c)
    }

    /// `${...}` or `%{...}`; whether white space after it is to be trimmed.
    fn sequence(&mut self, tokens: &mut Vec<Token>) -> Parsed<bool> {
        let start = self.at;
        let directive = self.looking_at("%{");
        self.at += 2;
        if self.take("~")
            && let Some(Token::Literal(before)) = tokens.last_mut()
        {
            trim_end(before);
        }
        let token = self.with_newlines(false, |parser| {
            parser.skip()?;
            if directive { parser.directive(start) } else { parser.expression().map(Token::Interpolation) }
        })?;
        let trim_next = self.with_newlines(false, |parser| {
            parser.skip()?;
            let trim = parser.take("~");
            if parser.take("}") {
                return Ok(trim);
            }
            parser.error_at(
                parser.at,
                format!("`}}` is expected at the end of a template sequence, not {}", parser.found()),
            )
        })?;
        tokens.push(token);
        Ok(trim_next)
    }

    fn directive(&mut self, start: usize) -> Parsed<Token> {
        let Some(word) = self.name() else {
            return self.error_at(self.at, "a template directive is expected: if, else, endif, for, endfor");
        };
        Ok(match &*word.text {
            "if" => Token::If(self.expression()?, start),
            "else" => Token::Else(start),
            "endif" => Token::EndIf(start),
            "for" => {
                let (key, value, collection) = self.for_intro()?;
                Token::For(key, value, Box::new(collection), start)
            }
            "endfor" => Token::EndFor(start),
            other => {
                let message = format!("`{other}` is no template directive; there are if, else, endif, for, endfor");
                return self.error_at(start, message);
            }
        })
    }

    /// Pairs directives and makes the expression.
    fn assemble(&self, tokens: Vec<Token>) -> Parsed<ExprKind> {
        let mut tokens = melded(tokens).into_iter().peekable();
        let mut parts = self.parts(&mut tokens)?;
        match tokens.next() {
            Some(Token::Else(at)) => return self.error_at(at, "`else` without `if`"),
            Some(Token::EndIf(at)) => return self.error_at(at, "`endif` without `if`"),
            Some(Token::EndFor(at)) => return self.error_at(at, "`endfor` without `for`"),
            _ => {}
        }
        Ok(match (parts.pop(), parts.is_empty()) {
            (None, _) => ExprKind::Literal(Text::from("")),
            (Some(Part::Literal(text)), true) => ExprKind::Literal(text),
            (Some(Part::Interpolation(only)), true) => ExprKind::Wrap(Box::new(only)),
            (Some(last), _) => {
                parts.push(last);
                ExprKind::Template(parts)
            }
        })
    }

    /// Parts up to a directive that closes an outer one, which stays in `tokens`.
    fn parts(&self, tokens: &mut std::iter::Peekable<std::vec::IntoIter<Token>>) -> Parsed<Vec<Part>> {
        let mut parts = Vec::new();
        while let Some(token) =
            tokens.next_if(|token| !matches!(token, Token::Else(_) | Token::EndIf(_) | Token::EndFor(_)))
        {
            parts.push(match token {
                Token::Literal(pieces) => Part::Literal(normalized(pieces)),
                Token::Interpolation(expr) => Part::Interpolation(expr),
                Token::If(condition, at) => {
                    let yes = self.parts(tokens)?;
                    let mut no = Vec::new();
                    if tokens.next_if(|token| matches!(token, Token::Else(_))).is_some() {
                        no = self.parts(tokens)?;
                    }
                    if !matches!(tokens.next(), Some(Token::EndIf(_))) {
                        return self.error_at(at, "this `if` has no `endif`");
                    }
                    Part::If(Box::new(condition), yes, no)
                }
                Token::For(key_name, value_name, collection, at) => {
                    let body = self.parts(tokens)?;
                    if !matches!(tokens.next(), Some(Token::EndFor(_))) {
                        return self.error_at(at, "this `for` has no `endfor`");
                    }
                    Part::For(Box::new(ForPart { key_name, value_name, collection: *collection, body }))
                }
                Token::Else(at) | Token::EndIf(at) | Token::EndFor(at) => {
                    return self.error_at(at, "this directive closes nothing");
                }
            });
        }
        Ok(parts)
    }
}

/// Literals that follow one another as one.
fn melded(tokens: Vec<Token>) -> Vec<Token> {
    let mut melded: Vec<Token> = Vec::with_capacity(tokens.len());
    for token in tokens {
        match (melded.last_mut(), token) {
            (Some(Token::Literal(before)), Token::Literal(pieces)) => before.extend(pieces),
            (_, token) => melded.push(token),
        }
    }
    melded
}

/// The string that pieces make: in normal form C, as cty keeps all strings.
fn normalized(pieces: Vec<Literal>) -> Text {
    let is_plain = pieces.iter().all(|piece| piece.text.is_ascii());
    let whole: String = if is_plain { String::new() } else { pieces.iter().map(|piece| &*piece.text).collect() };
    if is_plain || is_nfc(&whole) {
        return Text::from_pieces(pieces.into_iter().map(Piece::Literal));
    }
    let span = pieces.iter().filter_map(|piece| piece.span).reduce(Span::to);
    Text::literal(whole.nfc().collect::<String>(), span, false)
}

fn push_literal(tokens: &mut Vec<Token>, literal: &mut Vec<Literal>, trim: &mut bool) {
    if literal.is_empty() {
        return;
    }
    let mut pieces = std::mem::take(literal);
    if std::mem::take(trim) {
        trim_start(&mut pieces);
    }
    tokens.push(Token::Literal(pieces));
}

/// Keeps `from..to` (bytes) of a literal.
fn cut(literal: &Literal, from: usize, to: usize) -> Literal {
    let span: Option<Span> = literal.span.map(|span| if literal.exact { span.slice(from, to) } else { span });
    Literal { text: Arc::from(literal.text.get(from..to).unwrap_or_default()), span, exact: literal.exact }
}

fn trim_start(pieces: &mut Vec<Literal>) {
    while let Some(first) = pieces.first_mut() {
        let kept = first.text.trim_start().len();
        if kept > 0 {
            *first = cut(first, first.text.len() - kept, first.text.len());
            return;
        }
        pieces.remove(0);
    }
}

fn trim_end(pieces: &mut Vec<Literal>) {
    while let Some(last) = pieces.last_mut() {
        let kept = last.text.trim_end().len();
        if kept > 0 {
            *last = cut(last, 0, kept);
            return;
        }
        pieces.pop();
    }
}

/// Removes the indentation that all lines of a `<<-` heredoc share. A line of blanks only neither counts nor changes;
/// a line that starts with a sequence has none.
fn flush_indentation(tokens: &mut [Token]) {
    let blanks = |pieces: &[Literal]| -> usize {
        let text: String = pieces.iter().map(|piece| &*piece.text).collect();
        let blank = text.len() - text.trim_start().len();
        text.get(..blank).unwrap_or_default().graphemes(true).count()
    };
    let is_blank_line = |pieces: &[Literal]| {
        pieces.iter().all(|piece| piece.text.trim().is_empty())
            && pieces.last().is_some_and(|last| last.text.ends_with('\n'))
    };
    let mut shared = usize::MAX;
    let mut line_start = true;
    for token in tokens.iter() {
        let mut next_is_line_start = false;
        match token {
            Token::Literal(pieces) => {
                if line_start && !is_blank_line(pieces) {
                    shared = shared.min(blanks(pieces));
                }
                next_is_line_start = pieces.last().is_some_and(|last| last.text.ends_with('\n'));
            }
            _ if line_start => shared = 0,
            _ => {}
        }
        line_start = next_is_line_start;
    }
    if shared == 0 || shared == usize::MAX {
        return;
    }
    line_start = true;
    for token in tokens.iter_mut() {
        let Token::Literal(pieces) = token else {
            line_start = false;
            continue;
        };
        let starts = std::mem::replace(&mut line_start, pieces.last().is_some_and(|last| last.text.ends_with('\n')));
        if starts
            && !is_blank_line(pieces)
            && let Some(first) = pieces.first_mut()
        {
            let bytes: usize = first.text.graphemes(true).take(shared).map(str::len).sum();
            *first = cut(first, bytes, first.text.len());
        }
    }
}
