//! A first look at the text of a rule file, before Guard's own parser gets it: how deep it is nested, how much work it can
//! be to parse, where its rules, variables and comments stand.
//!
//! Guard's parser recurses into brackets without a limit, so that enough of them end the program, and it reads what stands
//! in a filter twice at each level. Strings, patterns, comments and messages end here where they end for that parser, so
//! that no bracket in them counts and none outside of them is overlooked.

use std::ops::Range;

use super::Problem;

/// How large a rule file may be.
pub(super) const MAX_BYTES: u64 = 1 << 20;

/// How deep blocks, filters, lists and calls may be nested.
const MAX_NESTING: usize = 32;

/// How many bytes the parser may have to read, those that it reads twice counted twice.
const MAX_WORK: u64 = 1 << 26;

/// A name and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) name: String,
    pub(super) at: usize,
}

/// Where things stand in a rule file.
#[derive(Clone, Debug, Default)]
pub(super) struct Outline {
    /// `rule NAME`, with the place of the word `rule`.
    pub(super) rules: Vec<Named>,
    /// `let NAME`.
    pub(super) lets: Vec<Named>,
    /// `%NAME`.
    pub(super) uses: Vec<Named>,
    /// Comments, from `#` to the end of the line.
    pub(super) comments: Vec<Range<usize>>,
    /// Where the first thing stands that is no comment.
    pub(super) start: Option<usize>,
}

/// Looks through the text.
///
/// # Errors
/// What Guard's parser must not be given, and where.
pub(super) fn outline(text: &str) -> Result<Outline, Problem> {
    let mut reader = Reader { bytes: text.as_bytes(), at: 0, found: Outline::default() };
    reader.read()?;
    Ok(reader.found)
}

struct Reader<'t> {
    bytes: &'t [u8],
    at: usize,
    found: Outline,
}

/// The brackets that are open.
#[derive(Default)]
struct Open {
    brackets: Vec<u8>,
    filters: u32,
    work: u64,
}

impl Reader<'_> {
    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn before(&self) -> u8 {
        self.at.checked_sub(1).and_then(|at| self.bytes.get(at)).copied().unwrap_or(0)
    }

    fn read(&mut self) -> Result<(), Problem> {
        let mut open = Open::default();
        while self.at < self.bytes.len() {
            let start = self.at;
            let byte = self.peek(0);
            if byte != b'#' && !byte.is_ascii_whitespace() {
                self.found.start.get_or_insert(start);
            }
            match byte {
                b'#' => self.comment(),
                b'\'' | b'"' => self.string(byte)?,
                b'/' => self.pattern()?,
                b'<' if self.peek(1) == b'<' => self.message()?,
                b'{' | b'[' | b'(' => {
                    open.brackets.push(byte);
                    open.filters += u32::from(byte == b'[');
                    if open.brackets.len() > MAX_NESTING {
                        return Err(Problem::new(format!("this is nested deeper than {MAX_NESTING} levels"), start));
                    }
                    self.at += 1;
                }
                b'}' | b']' | b')' => {
                    if open.brackets.pop() == Some(b'[') {
                        open.filters -= 1;
                    }
                    self.at += 1;
                }
                _ if is_word(byte) => self.word(open.brackets.is_empty())?,
                _ => self.at += 1,
            }
            open.work = open.work.saturating_add((self.at.saturating_sub(start) as u64) << open.filters.min(32));
            if open.work > MAX_WORK {
                return Err(Problem::new("too much is nested in filters here: reading it would take too long", start));
            }
        }
        Ok(())
    }

    fn comment(&mut self) {
        let start = self.at;
        while self.at < self.bytes.len() && self.peek(0) != b'\n' {
            self.at += 1;
        }
        self.found.comments.push(start..self.at);
    }

    /// A string ends at the first quote of its kind that no backslash stands right before, whatever stands before that one.
    fn string(&mut self, quote: u8) -> Result<(), Problem> {
        self.delimited(quote, "this string does not end")
    }

    fn pattern(&mut self) -> Result<(), Problem> {
        self.delimited(b'/', "this pattern does not end")
    }

    fn delimited(&mut self, end: u8, missing: &str) -> Result<(), Problem> {
        let start = self.at;
        self.at += 1;
        let mut fragment = self.at;
        while self.at < self.bytes.len() {
            if self.peek(0) == end {
                let escaped = self.at > fragment && self.before() == b'\\';
                self.at += 1;
                if !escaped {
                    return Ok(());
                }
                fragment = self.at;
            } else {
                self.at += 1;
            }
        }
        Err(Problem::new(missing, start))
    }

    fn message(&mut self) -> Result<(), Problem> {
        let start = self.at;
        self.at += 2;
        while self.at < self.bytes.len() {
            if self.peek(0) == b'>' && self.peek(1) == b'>' {
                self.at += 2;
                return Ok(());
            }
            self.at += 1;
        }
        Err(Problem::new("this message does not end with `>>`", start))
    }

    fn word(&mut self, outermost: bool) -> Result<(), Problem> {
        let (start, before) = (self.at, self.before());
        let word = self.take_word();
        match (&*word, before) {
            (_, b'%') => self.found.uses.push(Named { name: word, at: start - 1 }),
            (_, b'.') => {}
            ("r", _) if matches!(self.peek(0), b'(' | b'[') => self.range(start)?,
            ("let", _) => {
                if let Some(name) = self.next_word() {
                    self.found.lets.push(name);
                }
            }
            ("rule", _) if outermost => {
                if let Some(Named { name, .. }) = self.next_word() {
                    self.found.rules.push(Named { name, at: start });
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn take_word(&mut self) -> String {
        let start = self.at;
        while is_word(self.peek(0)) {
            self.at += 1;
        }
        String::from_utf8_lossy(self.bytes.get(start..self.at).unwrap_or_default()).into_owned()
    }

    /// The word after spaces, which is not taken.
    fn next_word(&self) -> Option<Named> {
        let mut ahead = Self { bytes: self.bytes, at: self.at, found: Outline::default() };
        while ahead.peek(0).is_ascii_whitespace() {
            ahead.at += 1;
        }
        let at = ahead.at;
        let name = ahead.take_word();
        (at > self.at && !name.is_empty()).then_some(Named { name, at })
    }

    /// `r(1,5]`. Any character may be an end of a range, also one that starts something else everywhere but there: such a range
    /// is not taken, so that what follows is read as the parser reads it.
    fn range(&self, start: usize) -> Result<(), Problem> {
        let rest = self.bytes.get(self.at + 1..).unwrap_or_default();
        let first = |bytes: &[u8]| bytes.iter().copied().find(|byte| !matches!(byte, b' ' | b'\t')).unwrap_or(0);
        let second = rest.iter().take(64).position(|byte| *byte == b',').and_then(|comma| rest.get(comma + 1..));
        let odd =
            |byte: u8| matches!(byte, b'\'' | b'"' | b'#' | b'/' | b'<' | b'{' | b'}' | b'[' | b']' | b'(' | b')');
        if odd(first(rest)) || second.is_some_and(|rest| odd(first(rest))) {
            let message = "a range from or to a quote, a bracket, `#`, `/` or `<` is not supported";
            return Err(Problem::new(message, start));
        }
        Ok(())
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> (String, usize) {
        let problem = outline(text).unwrap_err();
        (problem.message, problem.at)
    }

    #[test]
    fn what_stands_in_strings_and_the_like_is_no_bracket() {
        let deep = "{".repeat(100);
        for text in [
            format!("rule a {{ x == '{deep}' }}"),
            format!("rule a {{ x == \"\\\"{deep}\" }}"),
            format!("rule a {{ x == /{deep}\\/{deep}/ }}"),
            format!("# {deep}\nrule a {{ x exists <<{deep} '>> }}"),
        ] {
            assert!(outline(&text).is_ok(), "{text}");
        }
        // A backslash before the quote hides it, whatever stands before the backslash.
        assert_eq!(problem(&format!("x == 'a\\\\' {deep} 'b'")).0, "this string does not end");
        assert_eq!(problem(&format!("x == '' {deep}")).1, 8 + 32);
    }

    #[test]
    fn nesting_has_an_end() {
        let nested = |levels: usize| format!("rule a {{ x == {}1{} }}", "[".repeat(levels), "]".repeat(levels));
        assert!(outline(&nested(10)).is_ok());
        assert!(problem(&nested(32)).0.contains("too much is nested in filters"));
        let blocks = |levels: usize| format!("rule a {{ {}", "x {".repeat(levels));
        assert!(outline(&blocks(31)).is_ok());
        assert!(problem(&blocks(32)).0.contains("nested deeper than 32 levels"));
        // Few levels, and much in them.
        let wide = format!("a[ b[ c[ d[ e[ f[ g[ h[ {} ]]]]]]]]", "x exists\n".repeat(40_000));
        assert!(problem(&wide).0.contains("too much is nested in filters"));
    }

    #[test]
    fn ranges_that_hide_what_follows_are_refused() {
        assert!(problem("x IN r(',')").0.contains("a range from or to a quote"));
        assert!(problem("x IN r[a, {]").0.contains("a range from or to a quote"));
        assert!(outline("x IN r(1, 5]\n%y.r['key'] exists\nvar['a'] exists").is_ok());
    }

    #[test]
    fn names_have_their_places() {
        let text = "# about\nlet users = Resources.*\n\nrule no_users when %users !empty {\n  let x = %users.rule\n}";
        let found = outline(text).unwrap();
        let names = |named: &[Named]| named.iter().map(|named| (named.name.clone(), named.at)).collect::<Vec<_>>();
        assert_eq!(names(&found.rules), [("no_users".to_owned(), 33)]);
        assert_eq!(names(&found.lets), [("users".to_owned(), 12), ("x".to_owned(), 74)]);
        assert_eq!(names(&found.uses), [("users".to_owned(), 52), ("users".to_owned(), 78)]);
        assert_eq!(found.comments.iter().map(|comment| comment.end).collect::<Vec<_>>(), [7]);
        assert_eq!(found.start, Some(8));
    }
}
