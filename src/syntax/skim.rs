//! Finds the parts of a JSON text without making a tree of it: a plan may have fifty megabytes, of which a check looks at
//! little. What is not asked for is only skipped; whoever needs a part parses it with [`super::json`], which is strict.

use std::ops::Range;

/// A part of a JSON text: the bytes of one value.
pub type Part = Range<usize>;

/// The members of the object that `part` is, in order: the bytes of each key, without its quotes, and its value. `None`
/// where the text is no object or its brackets and quotes do not match.
pub fn members(text: &str, part: Part) -> Option<Vec<(Part, Part)>> {
    let mut skim = Skim { bytes: text.as_bytes().get(..part.end)?, at: part.start };
    let mut found = Vec::new();
    skim.pass(b'{')?;
    while !skim.closes(b'}') {
        let key = skim.key()?;
        skim.pass(b':')?;
        found.push((key, skim.value()?));
        skim.next(b'}')?;
    }
    Some(found)
}

/// The elements of the array that `part` is; `None` as for [`members`].
pub fn elements(text: &str, part: Part) -> Option<Vec<Part>> {
    let mut skim = Skim { bytes: text.as_bytes().get(..part.end)?, at: part.start };
    let mut found = Vec::new();
    skim.pass(b'[')?;
    while !skim.closes(b']') {
        found.push(skim.value()?);
        skim.next(b']')?;
    }
    Some(found)
}

/// The value of a member of the object that `part` is; the last one if the key is repeated, as most decoders have it.
pub fn member(text: &str, part: Part, key: &str) -> Option<Part> {
    let found = members(text, part)?;
    found.into_iter().rev().find(|(name, _)| text.get(name.clone()) == Some(key)).map(|(_, value)| value)
}

/// The whole text as a part, without a byte order mark and blanks around it.
pub fn whole(text: &str) -> Part {
    let end = text.trim_end().len();
    let start = text.len() - text.trim_start_matches('\u{feff}').trim_start().len();
    start.min(end)..end
}

struct Skim<'t> {
    bytes: &'t [u8],
    at: usize,
}

impl Skim<'_> {
    fn peek(&mut self) -> Option<u8> {
        let rest = self.bytes.get(self.at..)?;
        self.at += rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        self.bytes.get(self.at).copied()
    }

    fn pass(&mut self, wanted: u8) -> Option<()> {
        let found = self.peek()? == wanted;
        self.at += usize::from(found);
        found.then_some(())
    }

    /// Whether the collection ends here, without having had an element or after a comma.
    fn closes(&mut self, bracket: u8) -> bool {
        self.peek() == Some(bracket)
    }

    /// Passes a comma; the end of the collection is left to be seen.
    fn next(&mut self, bracket: u8) -> Option<()> {
        match self.peek()? {
            b',' => self.at += 1,
            found if found == bracket => {}
            _ => return None,
        }
        Some(())
    }

    /// Passes a key; its bytes without the quotes.
    fn key(&mut self) -> Option<Part> {
        let quoted = self.peek()? == b'"';
        let start = self.at + 1;
        if quoted {
            self.string()?;
        }
        quoted.then(|| start..self.at - 1)
    }

    /// Passes a value.
    fn value(&mut self) -> Option<Part> {
        let first = self.peek()?;
        let start = self.at;
        match first {
            b'"' => self.string()?,
            b'{' | b'[' => self.collection()?,
            b',' | b':' | b'}' | b']' => return None,
            _ => {
                let rest = self.bytes.get(start..)?;
                let ends = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b',' | b'}' | b']');
                self.at += rest.iter().position(ends).unwrap_or(rest.len());
            }
        }
        Some(start..self.at)
    }

    /// Passes a string, its closing quote included.
    fn string(&mut self) -> Option<()> {
        self.at += 1;
        loop {
            let rest = self.bytes.get(self.at..)?;
            self.at += rest.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
            match self.bytes.get(self.at)? {
                b'"' => {
                    self.at += 1;
                    return Some(());
                }
                _ => self.at += 2,
            }
        }
    }

    /// Passes an object or array, counting brackets.
    fn collection(&mut self) -> Option<()> {
        let mut open = 0_usize;
        loop {
            let rest = self.bytes.get(self.at..)?;
            self.at += rest.iter().position(|byte| matches!(byte, b'"' | b'{' | b'[' | b'}' | b']'))?;
            match self.bytes.get(self.at)? {
                b'"' => self.string()?,
                b'{' | b'[' => {
                    open += 1;
                    self.at += 1;
                }
                _ => {
                    open -= 1;
                    self.at += 1;
                    if open == 0 {
                        return Some(());
                    }
                }
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::string_slice, clippy::indexing_slicing)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Option<Vec<(&str, &str)>> {
        let found = members(text, whole(text))?;
        Some(found.into_iter().map(|(key, value)| (&text[key], &text[value])).collect())
    }

    #[test]
    fn members_and_elements_are_found_whatever_stands_in_strings() {
        let text = "\u{feff} {\"a\" : \"}\\\"{\", \"b\":[1, {\"c\": \"]\"} ,\"\\\\\"],\n\"a\": -1.5e3 }\n";
        let found = parts(text).unwrap();
        assert_eq!(found, [("a", "\"}\\\"{\""), ("b", "[1, {\"c\": \"]\"} ,\"\\\\\"]"), ("a", "-1.5e3")]);
        let b = member(text, whole(text), "b").unwrap();
        let inner: Vec<&str> = elements(text, b).unwrap().into_iter().map(|part| &text[part]).collect();
        assert_eq!(inner, ["1", "{\"c\": \"]\"}", "\"\\\\\""]);
        assert_eq!(&text[member(text, whole(text), "a").unwrap()], "-1.5e3");
        assert_eq!(parts("{}"), Some(vec![]));
        assert_eq!(elements("[ ]", 0..3), Some(vec![]));
    }

    #[test]
    fn what_is_cut_off_or_something_else_has_no_parts() {
        for text in [
            "",
            "[",
            "{",
            "{\"a",
            "{\"a\":",
            "{\"a\":1",
            "{\"a\":[1}",
            "{\"a\":{}",
            "{\"a\" 1}",
            "{\"a\":}",
            "7",
            "{,}",
        ] {
            assert_eq!(parts(text), None, "{text}");
        }
        assert_eq!(elements("{}", 0..2), None);
        assert_eq!(elements("[1", 0..2), None);
        assert_eq!(elements("[1 2]", 0..5), None);
    }
}
