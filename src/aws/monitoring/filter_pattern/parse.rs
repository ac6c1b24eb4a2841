//! Reads filter patterns.

use std::collections::BTreeMap;

use super::{Comparison, Expression, FilterPattern, Number, Operand, Order, PatternError, Selector, Step, Terms, Test};
use crate::aws::monitoring::glob::{Glob, Part};
use crate::document::Slices;
use crate::source::Span;
use crate::text::{Piece, Text};
use crate::value::Reason;

/// How long a pattern may be (CloudWatch Logs API reference, `PutMetricFilter`).
const MAX_LENGTH: usize = 1024;

/// How deeply groups may nest.
const MAX_DEPTH: usize = 64;

/// How many regular expressions a pattern may hold.
const MAX_REGEXES: usize = 2;

/// Stands for a part that is not known while the pattern is read.
const HOLE: char = '\u{f8ff}';

/// Reads a pattern.
///
/// # Errors
/// See [`PatternError`].
pub fn parse(text: &Text) -> Result<FilterPattern, PatternError> {
    let mut reader = Reader::new(text);
    if text.known_len() > MAX_LENGTH {
        return Err(reader.refused(0..reader.chars.len(), format!("is longer than {MAX_LENGTH} characters")));
    }
    reader.spaces();
    if let Some(reason) = reader.hole() {
        return Err(PatternError::Unknown(reason));
    }
    match reader.peek() {
        None => Ok(FilterPattern::All),
        Some('{') => reader.json(),
        Some('[') => reader.columns(),
        Some(_) => Ok(FilterPattern::Terms(reader.terms()?)),
    }
}

/// Whether a character may stand in the name of a field.
pub fn is_name(char: char) -> bool {
    char.is_ascii_alphanumeric() || matches!(char, '_' | '-' | ':' | '@' | '#')
}

/// The characters of a pattern, each with its place, and what has been read of them.
pub struct Reader {
    chars: Vec<(usize, char)>,
    length: usize,
    holes: BTreeMap<usize, Reason>,
    slices: Slices,
    at: usize,
    regexes: usize,
}

impl Reader {
    fn new(text: &Text) -> Self {
        let (mut chars, mut holes, mut offset) = (Vec::new(), BTreeMap::new(), 0);
        for piece in text.flattened().pieces() {
            match piece {
                Piece::Literal(literal) => {
                    chars.extend(literal.text.char_indices().map(|(at, char)| (offset + at, char)));
                    offset += literal.text.len();
                }
                Piece::Unknown(unknown) => {
                    holes.insert(chars.len(), unknown.reason.clone());
                    chars.push((offset, HOLE));
                }
                Piece::Encoded(_) => {}
            }
        }
        Self { chars, length: offset, holes, slices: Slices::new(text), at: 0, regexes: 0 }
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.chars.get(self.at).map(|(_, char)| *char)
    }

    /// What is not known, if that comes next.
    pub(super) fn hole(&self) -> Option<Reason> {
        self.holes.get(&self.at).cloned()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += 1;
        Some(next)
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    fn takes(&mut self, expected: &str) -> bool {
        let found = self.chars.iter().skip(self.at).map(|(_, char)| *char).take(expected.len());
        let same = found.eq(expected.chars());
        if same {
            self.at += expected.len();
        }
        same
    }

    pub(super) fn spaces(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    /// Where the characters of a range were written.
    pub(super) fn span(&self, range: std::ops::Range<usize>) -> Option<Span> {
        let offset = |at: usize| self.chars.get(at).map_or(self.length, |(offset, _)| *offset);
        self.slices.span(offset(range.start)..offset(range.end))
    }

    pub(super) fn refused(&self, range: std::ops::Range<usize>, message: impl Into<String>) -> PatternError {
        PatternError::Refused { message: message.into(), span: self.span(range) }
    }

    /// Says that something else was expected here.
    fn expected<T>(&self, what: &str) -> Result<T, PatternError> {
        if let Some(reason) = self.hole() {
            return Err(PatternError::Unknown(reason));
        }
        let found = match self.peek() {
            Some(char) => format!("found `{}`", self.word(char)),
            None => "it ends".into(),
        };
        let end = if self.peek().is_some() { self.at + 1 } else { self.at };
        let start = if self.peek().is_some() { self.at } else { self.at.saturating_sub(1) };
        Err(self.refused(start..end, format!("{what} is expected where {found}")))
    }

    /// The word that starts here, or the character.
    fn word(&self, char: char) -> String {
        let rest = self.chars.iter().skip(self.at).map(|(_, char)| *char);
        let word: String = rest.take_while(|char| char.is_alphanumeric()).take(20).collect();
        if word.is_empty() { char.to_string() } else { word }
    }

    fn json(&mut self) -> Result<FilterPattern, PatternError> {
        self.at += 1;
        let expression = self.either(0)?;
        self.spaces();
        if !self.takes("}") {
            return self.expected("`&&`, `||` or `}`");
        }
        self.spaces();
        match self.peek() {
            None => Ok(FilterPattern::Json(expression)),
            Some(_) => self.expected("the end"),
        }
    }

    fn either(&mut self, depth: usize) -> Result<Expression, PatternError> {
        let mut parts = vec![self.both(depth)?];
        while self.operator("||") {
            parts.push(self.both(depth)?);
        }
        Ok(one_or(parts, Expression::Or))
    }

    fn both(&mut self, depth: usize) -> Result<Expression, PatternError> {
        let mut parts = vec![self.unit(depth)?];
        while self.operator("&&") {
            parts.push(self.unit(depth)?);
        }
        Ok(one_or(parts, Expression::And))
    }

    fn operator(&mut self, operator: &str) -> bool {
        self.spaces();
        self.takes(operator)
    }

    fn unit(&mut self, depth: usize) -> Result<Expression, PatternError> {
        self.spaces();
        let start = self.at;
        if !self.takes("(") {
            return Ok(Expression::Test(self.test()?));
        }
        if depth >= MAX_DEPTH {
            return Err(self.refused(start..self.at, "nests too deeply"));
        }
        let inner = self.either(depth + 1)?;
        self.spaces();
        if self.takes(")") { Ok(inner) } else { self.expected("`&&`, `||` or `)`") }
    }

    fn test(&mut self) -> Result<Test, PatternError> {
        let start = self.at;
        let field = self.selector()?;
        self.spaces();
        let value = self.at;
        let is = self.comparison()?;
        // The sign is not part of the value.
        let words =
            matches!(is, Comparison::Exists | Comparison::NotExists | Comparison::IsNull | Comparison::IsBool(_));
        let signs = |char: &(usize, char)| matches!(char.1, '=' | '!' | '<' | '>') || char.1.is_whitespace();
        let skipped = if words { 0 } else { self.chars.iter().skip(value).take_while(|char| signs(char)).count() };
        let end = self.at;
        Ok(Test { field, is, span: self.span(start..end), value_span: self.span(value + skipped..end) })
    }

    fn selector(&mut self) -> Result<Selector, PatternError> {
        if !self.takes("$") {
            return self.expected("a field that starts with `$.`");
        }
        let (mut path, mut unknown) = (Vec::new(), None);
        loop {
            let start = self.at;
            if self.takes(".") {
                if self.takes("*") {
                    path.push(Step::Each);
                    continue;
                }
                let name = self.name(&mut unknown);
                if name.is_empty() && unknown.is_none() {
                    return self.expected("the name of a field");
                }
                path.push(Step::Field(name));
            } else if self.takes("[") {
                path.push(self.element(&mut unknown)?);
                if !self.takes("]") {
                    return self.expected("`]`");
                }
            } else if let Some(reason) = self.hole() {
                unknown.get_or_insert(reason);
                self.at += 1;
            } else {
                if path.is_empty() && unknown.is_none() {
                    self.at = start;
                    return self.expected("`.` and the name of a field");
                }
                return Ok(Selector { path, unknown });
            }
        }
    }

    fn name(&mut self, unknown: &mut Option<Reason>) -> String {
        let mut name = String::new();
        loop {
            match (self.hole(), self.peek()) {
                (Some(reason), _) => {
                    unknown.get_or_insert(reason);
                    self.at += 1;
                }
                (None, Some(char)) if is_name(char) => {
                    name.push(char);
                    self.at += 1;
                }
                _ => return name,
            }
        }
    }

    fn element(&mut self, unknown: &mut Option<Reason>) -> Result<Step, PatternError> {
        if self.takes("*") {
            return Ok(Step::Each);
        }
        for quote in ['\'', '"'] {
            if self.takes(&quote.to_string()) {
                let mut name = String::new();
                while let Some(char) = self.peek().filter(|char| *char != quote) {
                    if let Some(reason) = self.hole() {
                        unknown.get_or_insert(reason);
                    }
                    name.push(char);
                    self.at += 1;
                }
                return if self.takes(&quote.to_string()) { Ok(Step::Field(name)) } else { self.expected("a quote") };
            }
        }
        let digits = self.name(unknown);
        match digits.parse() {
            Ok(index) => Ok(Step::Index(index)),
            Err(_) if unknown.is_some() => Ok(Step::Each),
            Err(_) => self.expected("an index, `*` or a name in quotes"),
        }
    }

    fn comparison(&mut self) -> Result<Comparison, PatternError> {
        let start = self.at;
        for (sign, order) in [("<=", Order::AtMost), (">=", Order::AtLeast), ("<", Order::Less), (">", Order::More)] {
            if self.takes(sign) {
                return Ok(Comparison::Orders(order, self.number(sign)?));
            }
        }
        if self.takes("!=") {
            return Ok(Comparison::Differs(self.operand()?));
        }
        if self.takes("=") {
            if self.peek() == Some('=') {
                return Err(self.refused(start..self.at + 1, "`==` is no operator: `=` is"));
            }
            return Ok(Comparison::Equals(self.operand()?));
        }
        let first = self.keyword();
        let words: &[&str] = match &*first {
            "EXISTS" => return Ok(Comparison::Exists),
            "NOT" => &["EXISTS"],
            "IS" => &["NULL", "TRUE", "FALSE"],
            _ => {
                self.at = start;
                return self.expected("`=`, `!=`, `<`, `<=`, `>`, `>=`, `EXISTS`, `NOT EXISTS` or `IS`");
            }
        };
        self.spaces();
        let before = self.at;
        match &*self.keyword() {
            "EXISTS" if first == "NOT" => Ok(Comparison::NotExists),
            "NULL" if first == "IS" => Ok(Comparison::IsNull),
            "TRUE" if first == "IS" => Ok(Comparison::IsBool(true)),
            "FALSE" if first == "IS" => Ok(Comparison::IsBool(false)),
            _ => {
                self.at = before;
                self.expected(&format!("`{}`", words.join("`, `")))
            }
        }
    }

    /// A word of the language. The guide writes them in capitals and does not say that they must be.
    fn keyword(&mut self) -> String {
        let mut word = String::new();
        while let Some(char) = self.peek().filter(char::is_ascii_alphabetic) {
            word.push(char.to_ascii_uppercase());
            self.at += 1;
        }
        word
    }

    fn number(&mut self, sign: &str) -> Result<Number, PatternError> {
        self.spaces();
        let start = self.at;
        let mut text = String::new();
        let mut unknown = None;
        while let Some(char) = self.peek().filter(|char| is_plain(*char)) {
            unknown = unknown.or_else(|| self.hole());
            text.push(char);
            self.at += 1;
        }
        match (unknown, text.parse::<f64>()) {
            (Some(reason), _) => Ok(Number::Unknown(reason)),
            (None, Ok(number)) if number.is_finite() => Ok(Number::Known(text, number)),
            _ => {
                let end = if self.at > start { self.at } else { start + 1 };
                Err(self.refused(start..end, format!("`{sign}` compares with a number")))
            }
        }
    }

    fn operand(&mut self) -> Result<Operand, PatternError> {
        self.spaces();
        let start = self.at;
        match self.peek() {
            Some('"') => Ok(Operand::Glob(self.quoted()?, true)),
            Some('%') => self.regex(),
            Some('“' | '”' | '„' | '‘' | '’' | '\'' | '`') => {
                Err(self.refused(start..start + 1, "a string stands between `\"` and `\"`, no other quotes"))
            }
            Some(char) if is_plain(char) => {
                let mut parts = Vec::new();
                while let Some(char) = self.peek().filter(|char| is_plain(*char)) {
                    parts.push(self.part(char));
                    self.at += 1;
                }
                Ok(Operand::Glob(Glob::new(parts), false))
            }
            _ => self.expected("a value"),
        }
    }

    fn part(&self, char: char) -> Part {
        match (self.hole(), char) {
            (Some(reason), _) => Part::Hole(reason),
            (None, '*') => Part::Star,
            (None, char) => Part::Char(char),
        }
    }

    fn quoted(&mut self) -> Result<Glob, PatternError> {
        let start = self.at;
        self.at += 1;
        let mut parts = Vec::new();
        while let Some(char) = self.peek() {
            match char {
                '"' => {
                    self.at += 1;
                    return Ok(Glob::new(parts));
                }
                '\\' if self.chars.get(self.at + 1).is_some_and(|(_, next)| matches!(next, '"' | '\\')) => {
                    self.at += 1;
                    parts.extend(self.peek().map(Part::Char));
                }
                char => parts.push(self.part(char)),
            }
            self.at += 1;
        }
        Err(self.refused(start..start + 1, "this string does not end"))
    }

    /// `%...%`: a regular expression, of which AWS takes only a few forms (user guide, "Supported regular expressions").
    pub(super) fn regex(&mut self) -> Result<Operand, PatternError> {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        while let Some(char) = self.peek().filter(|char| *char != '%') {
            if let Some(reason) = self.hole() {
                return Err(PatternError::Unknown(reason));
            }
            let supported = char.is_ascii_alphanumeric() || ":_#=@/;,-^$?[]{}|\\*+. ".contains(char);
            if !supported {
                return Err(self.refused(self.at..self.at + 1, format!("a regular expression cannot hold `{char}`")));
            }
            text.push(char);
            self.at += 1;
        }
        if !self.takes("%") {
            return Err(self.refused(start..start + 1, "this regular expression does not end"));
        }
        self.regexes += 1;
        if self.regexes > MAX_REGEXES {
            return Err(self.refused(start..self.at, format!("holds more than {MAX_REGEXES} regular expressions")));
        }
        let built = regex::RegexBuilder::new(&text).size_limit(1 << 20).unicode(false).build();
        let built = built.or_else(|_| regex::RegexBuilder::new(&text).size_limit(1 << 20).build());
        match built {
            Ok(regex) => Ok(Operand::Regex(text, regex)),
            Err(_) => Err(self.refused(start..self.at, "this is no regular expression")),
        }
    }

    /// `[a, b = 1, ...]`: read no further than to its end.
    fn columns(&mut self) -> Result<FilterPattern, PatternError> {
        let last = self.chars.iter().rposition(|(_, char)| !char.is_whitespace()).unwrap_or(0);
        match self.chars.get(last) {
            Some((_, ']')) if last > self.at => Ok(FilterPattern::Columns(self.span(self.at..last + 1))),
            _ if self.holes.contains_key(&last) => Err(self
                .holes
                .get(&last)
                .cloned()
                .map_or_else(|| self.refused(0..1, "`]` is missing"), PatternError::Unknown)),
            _ => Err(self.refused(self.at..self.at + 1, "`]` is missing")),
        }
    }

    fn terms(&mut self) -> Result<Terms, PatternError> {
        super::terms::read(self)
    }

    /// A word or a string in quotes, for a pattern of words.
    pub(super) fn term(&mut self) -> Result<Glob, PatternError> {
        if self.peek() == Some('"') {
            let quoted = self.quoted()?;
            // Nothing in a phrase is a wildcard.
            let char = |part: &Part| if *part == Part::Star { Part::Char('*') } else { part.clone() };
            return Ok(Glob::new(quoted.parts().iter().map(char).collect()));
        }
        let mut parts = Vec::new();
        while let Some(char) = self.peek().filter(|char| !char.is_whitespace()) {
            match self.hole() {
                Some(reason) => return Err(PatternError::Unknown(reason)),
                None if char.is_alphanumeric() || char == '_' => parts.push(Part::Char(char)),
                None => {
                    let message = format!(
                        "`{char}` may stand only between quotes here: a pattern for JSON stands between `{{` and `}}`"
                    );
                    return Err(self.refused(self.at..self.at + 1, message));
                }
            }
            self.at += 1;
        }
        if parts.is_empty() { self.expected("a word") } else { Ok(Glob::new(parts)) }
    }
}

/// Whether a character may stand in a value without quotes.
fn is_plain(char: char) -> bool {
    !char.is_whitespace() && !"(){}&|=<>!,\"%“”‘’'`".contains(char)
}

fn one_or(parts: Vec<Expression>, group: fn(Vec<Expression>) -> Expression) -> Expression {
    match <[Expression; 1]>::try_from(parts) {
        Ok([only]) => only,
        Err(parts) => group(parts),
    }
}
