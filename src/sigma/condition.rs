//! Conditions of rules: names of selections joined by `and`, `or`, `not` and `1 of`.

use std::ops::Range;

/// How deeply parentheses and `not` may nest.
const MAX_DEPTH: usize = 64;

/// A condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// A selection.
    Name(String, Range<usize>),
    /// Some of several selections.
    Of(Count, Names, Range<usize>),
    /// All of these.
    And(Vec<Condition>),
    /// One of these.
    Or(Vec<Condition>),
    /// Not this.
    Not(Box<Condition>),
}

/// How many of several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// One at least.
    One,
    /// Every one.
    All,
}

/// Which selections are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Names {
    /// All whose name does not start with an underscore.
    Them,
    /// Those whose name is like this, with stars.
    Like(String),
}

/// Why a condition cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong.
    pub message: String,
    /// Where in the condition.
    pub range: Range<usize>,
    /// Whether Sigma knows it, and only rootlint does not.
    pub unsupported: bool,
}

/// Reads a condition.
///
/// # Errors
/// The first place that cannot be read, or uses what is not supported (aggregations).
pub fn parse(text: &str) -> Result<Condition, Fault> {
    let mut parser = Parser { text, tokens: tokens(text)?, at: 0 };
    let condition = parser.either(0)?;
    match parser.tokens.get(parser.at) {
        None => Ok(condition),
        Some(extra) => Err(parser.fault("`and`, `or` or the end of the condition is expected here", extra.clone())),
    }
}

fn tokens(text: &str) -> Result<Vec<Range<usize>>, Fault> {
    let mut tokens = Vec::new();
    let mut word: Option<usize> = None;
    for (at, c) in text.char_indices() {
        let is_word = c.is_alphanumeric() || matches!(c, '_' | '-' | '*' | '?' | '.');
        if is_word {
            word.get_or_insert(at);
            continue;
        }
        tokens.extend(word.take().map(|start| start..at));
        match c {
            '(' | ')' => tokens.push(at..at + 1),
            '|' => {
                let message = "aggregations (`| count() ...`) and other pipes are not supported".to_owned();
                return Err(Fault { message, range: at..text.len(), unsupported: true });
            }
            c if c.is_whitespace() => {}
            c => {
                let message = format!("`{}` has no meaning in a condition", c.escape_debug());
                return Err(Fault { message, range: at..at + c.len_utf8(), unsupported: false });
            }
        }
    }
    tokens.extend(word.map(|start| start..text.len()));
    Ok(tokens)
}

struct Parser<'t> {
    text: &'t str,
    tokens: Vec<Range<usize>>,
    at: usize,
}

impl Parser<'_> {
    fn word(&self, ahead: usize) -> &str {
        self.tokens.get(self.at + ahead).and_then(|range| self.text.get(range.clone())).unwrap_or_default()
    }

    fn is(&self, word: &str) -> bool {
        self.word(0).eq_ignore_ascii_case(word)
    }

    fn here(&self) -> Range<usize> {
        self.tokens.get(self.at).cloned().unwrap_or(self.text.len()..self.text.len())
    }

    fn fault(&self, message: &str, range: Range<usize>) -> Fault {
        Fault { message: message.to_owned(), range, unsupported: false }
    }

    fn either(&mut self, depth: usize) -> Result<Condition, Fault> {
        let mut all = vec![self.both(depth)?];
        while self.is("or") {
            self.at += 1;
            all.push(self.both(depth)?);
        }
        Ok(one_or(all, Condition::Or))
    }

    fn both(&mut self, depth: usize) -> Result<Condition, Fault> {
        let mut all = vec![self.single(depth)?];
        while self.is("and") {
            self.at += 1;
            all.push(self.single(depth)?);
        }
        Ok(one_or(all, Condition::And))
    }

    fn single(&mut self, depth: usize) -> Result<Condition, Fault> {
        let range = self.here();
        if depth >= MAX_DEPTH {
            return Err(self.fault("the condition nests too deeply", range));
        }
        if self.is("not") {
            self.at += 1;
            return Ok(Condition::Not(Box::new(self.single(depth + 1)?)));
        }
        if self.is("(") {
            self.at += 1;
            let inner = self.either(depth + 1)?;
            if !self.is(")") {
                return Err(self.fault("this parenthesis is not closed", range));
            }
            self.at += 1;
            return Ok(inner);
        }
        if self.word(1).eq_ignore_ascii_case("of") {
            return self.of(range);
        }
        if matches!(self.word(0).to_ascii_lowercase().as_str(), "" | ")" | "and" | "or" | "of") {
            return Err(self.fault("the name of a selection is expected here", range));
        }
        let name = self.word(0).to_owned();
        self.at += 1;
        Ok(Condition::Name(name, range))
    }

    /// `1 of selection_*`
    fn of(&mut self, range: Range<usize>) -> Result<Condition, Fault> {
        let count = match self.word(0).to_ascii_lowercase().as_str() {
            "1" | "any" => Count::One,
            "all" => Count::All,
            _ => {
                let message = "only `1 of`, `any of` and `all of` are known".to_owned();
                return Err(Fault { message, range, unsupported: true });
            }
        };
        let names = match self.word(2) {
            "" | "(" | ")" => {
                self.at += 2;
                return Err(self.fault("the names of selections are expected here", self.here()));
            }
            word if word.eq_ignore_ascii_case("them") => Names::Them,
            word => Names::Like(word.to_owned()),
        };
        self.at += 2;
        let range = range.start..self.here().end;
        self.at += 1;
        Ok(Condition::Of(count, names, range))
    }
}

fn one_or(mut all: Vec<Condition>, many: impl FnOnce(Vec<Condition>) -> Condition) -> Condition {
    match (all.len(), all.pop()) {
        (1, Some(only)) => only,
        (_, last) => {
            all.extend(last);
            many(all)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(condition: &Condition) -> String {
        let all = |all: &[Condition], between: &str| {
            format!("({})", all.iter().map(written).collect::<Vec<_>>().join(between))
        };
        match condition {
            Condition::Name(name, _) => name.clone(),
            Condition::Of(count, names, _) => format!("{count:?} {names:?}"),
            Condition::And(parts) => all(parts, " & "),
            Condition::Or(parts) => all(parts, " | "),
            Condition::Not(inner) => format!("!{}", written(inner)),
        }
    }

    #[test]
    fn not_binds_most_and_or_least() {
        let read = |text: &str| written(&parse(text).unwrap());
        assert_eq!(read("selection"), "selection");
        assert_eq!(read("a or b and not c"), "(a | (b & !c))");
        assert_eq!(read("(a OR b) AND NOT (c)"), "((a | b) & !c)");
        assert_eq!(read("a and not 1 of filter_*"), "(a & !One Like(\"filter_*\"))");
        assert_eq!(read("all of them or any of x"), "(All Them | One Like(\"x\"))");
        assert_eq!(read("not not a"), "!!a");
    }

    #[test]
    fn faults_are_located() {
        let fault = |text: &str| {
            let fault = parse(text).unwrap_err();
            (text.get(fault.range).unwrap().to_owned(), fault.unsupported)
        };
        let at = |text: &str, unsupported| (text.to_owned(), unsupported);
        assert_eq!(fault("a | count() > 5"), at("| count() > 5", true));
        assert_eq!(fault("2 of them"), at("2", true));
        assert_eq!(fault("a b"), at("b", false));
        assert_eq!(fault("(a or b"), at("(", false));
        assert_eq!(fault("a and"), at("", false));
        assert_eq!(fault("a and ) b"), at(")", false));
        assert_eq!(fault("1 of"), at("", false));
        assert_eq!(fault("a & b"), at("&", false));
        assert_eq!(fault(""), at("", false));
        assert!(parse(&"(".repeat(100_000)).is_err() && parse(&"not ".repeat(100_000)).is_err());
    }
}
