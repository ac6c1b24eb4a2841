//! Text made safe to show: nothing that the scanned repository holds may move a cursor, reverse a line, speak to a
//! continuous-integration runner, or print a key.

use std::borrow::Cow;
use std::fmt::Write;
use std::io;
use std::ops::Range;

use memchr::memmem;

/// What stands where a sensitive text was.
pub const HIDDEN: &str = "(sensitive)";

/// Whether a terminal or a reader could be deceived by the character: controls, marks that change the direction of
/// text, characters without width that hide in names.
fn deceives(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

fn push_char(out: &mut String, c: char) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c if deceives(c) => {
            // Writing to a string cannot fail.
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        }
        c => out.push(c),
    }
}

/// A text as one line: whatever is no plain character is written as an escape.
pub fn line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        push_char(&mut out, c);
    }
    out
}

/// A text that may have several lines, each of them as [`line`] writes it.
pub fn lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (index, part) in text.lines().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        out.push_str(&line(&part.replace('\t', "    ")));
    }
    out
}

/// Breaks the lines of a text at blanks so that none is longer than `width`; a longer word stays whole. The lines of one
/// broken line are indented alike.
pub fn wrap(text: &str, width: usize) -> String {
    let mut out: Vec<String> = Vec::new();
    for part in text.split('\n') {
        let indent = " ".repeat(part.len() - part.trim_start_matches(' ').len());
        let mut current = indent.clone();
        for word in part.split_whitespace() {
            let begun = current.len() > indent.len();
            if begun && current.chars().count() + 1 + word.chars().count() > width {
                out.push(std::mem::replace(&mut current, indent.clone()));
            } else if begun {
                current.push(' ');
            }
            current.push_str(word);
        }
        out.push(current);
    }
    out.join("\n")
}

/// A text of at most `length` characters, cut if need be.
pub fn cut(text: &str, length: usize) -> String {
    if text.chars().count() <= length {
        return text.to_owned();
    }
    text.chars().take(length.saturating_sub(1)).chain(['…']).collect()
}

/// The first sentence of a text, and the rest. Code in backquotes ends no sentence.
pub fn first_sentence(text: &str) -> (&str, &str) {
    let mut quoted = false;
    let mut full_stop = false;
    for (at, c) in text.char_indices() {
        match c {
            '\n' => return (text.get(..at).unwrap_or(text), text.get(at + 1..).unwrap_or_default()),
            ' ' if full_stop => return (text.get(..at).unwrap_or(text), text.get(at + 1..).unwrap_or_default()),
            '`' => quoted = !quoted,
            _ => {}
        }
        full_stop = c == '.' && !quoted;
    }
    (text, "")
}

/// The finished report for a terminal, in which nothing is a command to GitHub's runner any more: it obeys a line
/// that starts with `::` and, in an older form, `##[` anywhere in a line.
pub fn disarm(report: &str) -> String {
    let mut out = String::with_capacity(report.len());
    for line in report.split_inclusive('\n') {
        let text = line.trim_start();
        if text.starts_with("::") && !text.starts_with("::: ") {
            let indent = line.len() - text.len();
            out.push_str(line.get(..indent).unwrap_or_default());
            out.push_str("\\u{3a}");
            out.push_str(text.get(1..).unwrap_or_default());
        } else {
            out.push_str(line);
        }
    }
    out.replace("##[", "##\\u{5b}")
}

/// The same for a JSON text, in which `##[` and every character but the plain ones can only stand inside a string: the
/// escapes change nothing for its reader.
pub fn disarm_json(report: &str) -> Cow<'_, str> {
    // Nearly every text is plain, and a report may have a gigabyte.
    if is_plain(report.as_bytes()) && memmem::find(report.as_bytes(), b"##[").is_none() {
        return Cow::Borrowed(report);
    }
    let mut out = String::with_capacity(report.len());
    for c in report.chars() {
        if c == '[' && out.ends_with("##") {
            out.push_str("\\u005b");
        } else if c != '\n' && deceives(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// Whether all bytes are printable ASCII or ends of lines: eight at once, in parts without a branch.
fn is_plain(bytes: &[u8]) -> bool {
    const EACH: u64 = 0x0101_0101_0101_0101;
    const HIGHEST: u64 = 0x80 * EACH;
    // The highest bit of each byte tells of it. A carry into the next byte comes only from one that is not ASCII.
    let odd = |word: &[u8]| -> u64 {
        let word = word.try_into().map_or(HIGHEST, u64::from_ne_bytes);
        let is_printable = word.wrapping_add((0x80 - 0x20) * EACH);
        let is_no_end = (word ^ (0x0a * EACH)).wrapping_add(0x7f * EACH);
        let is_delete = word.wrapping_add(EACH);
        (word | (!is_printable & is_no_end) | is_delete) & HIGHEST
    };
    bytes.chunks(4_096).all(|part| {
        let words = part.chunks_exact(8);
        let plain = |byte: &u8| matches!(byte, b' '..=b'~' | b'\n');
        words.remainder().iter().all(plain) && words.fold(0, |all, word| all | odd(word)) == 0
    })
}

/// The text with every AWS access key id in it (long-term `AKIA`, temporary `ASIA`) cut to its first four characters;
/// stars keep the length.
pub fn mask_keys(text: &str) -> String {
    masked(text).into_owned()
}

fn masked(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let has = |start: &[u8]| memmem::find(bytes, start).is_some();
    if !has(b"AKIA") && !has(b"ASIA") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    let mut at = 0;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with(b"AKIA") || rest.starts_with(b"ASIA") {
            let tail =
                rest.iter().skip(4).take_while(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()).count();
            if tail >= 12 {
                out.push_str(text.get(from..at + 4).unwrap_or_default());
                out.extend(std::iter::repeat_n('*', tail));
                at += 4 + tail;
                from = at;
                continue;
            }
        }
        at += 1;
    }
    out.push_str(text.get(from..).unwrap_or_default());
    Cow::Owned(out)
}

/// Writes indented JSON on, in which nothing is a key or a command to a runner any more. Neither goes on after the end of a
/// line, as a string in JSON has none: lines can be passed on as they come.
pub struct Safe<W: io::Write> {
    to: W,
    held: Vec<u8>,
    /// How many of these are known to have no end of a line that matters.
    searched: usize,
}

impl<W: io::Write> Safe<W> {
    /// How much is held back before lines are passed on.
    const HELD: usize = 1 << 16;

    /// Writes to `to`.
    pub fn new(to: W) -> Self {
        Self { to, held: Vec::with_capacity(2 * Self::HELD), searched: 0 }
    }

    /// Passes on everything that is left.
    ///
    /// # Errors
    /// What `to` says.
    pub fn finish(mut self) -> io::Result<()> {
        self.pass_on(self.held.len())?;
        self.to.flush()
    }

    fn pass_on(&mut self, end: usize) -> io::Result<()> {
        let lines = std::str::from_utf8(self.held.get(..end).unwrap_or_default()).map_err(io::Error::other)?;
        self.to.write_all(masked(&disarm_json(lines)).as_bytes())?;
        self.held.drain(..end);
        self.searched = 0;
        Ok(())
    }
}

impl<W: io::Write> io::Write for Safe<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.held.extend_from_slice(bytes);
        if self.held.len() >= Self::HELD {
            // A line may be longer than what is held back: no part of it is searched twice.
            let end = memchr::memrchr(b'\n', self.held.get(self.searched..).unwrap_or_default());
            match end.map(|end| self.searched + end + 1) {
                Some(end) => self.pass_on(end)?,
                None => self.searched = self.held.len(),
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// A piece of source as it is shown, and where each of its bytes went.
#[derive(Debug, Default)]
pub struct Display {
    /// The text shown.
    pub text: String,
    segments: Vec<Segment>,
}

#[derive(Debug)]
struct Segment {
    source: Range<usize>,
    shown: Range<usize>,
    verbatim: bool,
}

impl Display {
    /// Shows `range` of `source`; the ranges in `hidden` are replaced, line by line so that lines keep their numbers.
    pub fn new(source: &str, range: Range<usize>, hidden: &[Range<usize>]) -> Self {
        let mut display = Self::default();
        let mut masked = false;
        for (offset, c) in source.get(range.clone()).unwrap_or_default().char_indices() {
            let at = range.start + offset;
            let end = at + c.len_utf8();
            if c == '\n' {
                masked = false;
                display.push(at..end, "\n", true);
            } else if hidden.iter().any(|hidden| hidden.contains(&at)) {
                let text = if masked || c.is_whitespace() { "" } else { HIDDEN };
                masked |= !text.is_empty();
                display.push(at..end, text, false);
            } else if c == '\r' && source.as_bytes().get(end) == Some(&b'\n') {
                display.push(at..end, "", false);
            } else if deceives(c) && c != '\t' {
                // A byte order mark at the start of a file is no text.
                let mut escaped = String::new();
                if at > 0 || c != '\u{feff}' {
                    push_char(&mut escaped, c);
                }
                display.push(at..end, &escaped, false);
            } else {
                let mut buffer = [0; 4];
                display.push(at..end, c.encode_utf8(&mut buffer), true);
            }
        }
        display
    }

    fn push(&mut self, source: Range<usize>, shown: &str, verbatim: bool) {
        let start = self.text.len();
        self.text.push_str(shown);
        let end = self.text.len();
        match self.segments.last_mut() {
            Some(last) if last.verbatim && verbatim => {
                last.source.end = source.end;
                last.shown.end = end;
            }
            _ => self.segments.push(Segment { source, shown: start..end, verbatim }),
        }
    }

    /// Whether each character shown stands in the column it has in the file.
    pub fn columns_are_exact(&self) -> bool {
        self.segments.iter().all(|segment| segment.verbatim || segment.shown.is_empty())
    }

    /// Where the source byte `offset` is shown: a place that exists and is the start of a character.
    fn offset(&self, offset: usize, upper: bool) -> usize {
        let index = self.segments.partition_point(|segment| segment.source.end <= offset);
        let at = match self.segments.get(index) {
            None => self.text.len(),
            Some(segment) if offset <= segment.source.start => segment.shown.start,
            Some(segment) if segment.verbatim => segment.shown.start + (offset - segment.source.start),
            Some(segment) if upper => segment.shown.end,
            Some(segment) => segment.shown.start,
        };
        let mut at = at.min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }

    /// Where a range of the source is shown; never past the end, never backwards.
    pub fn range(&self, source: Range<usize>) -> Range<usize> {
        let start = self.offset(source.start, false);
        let end = self.offset(source.end, true);
        start..end.max(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_can_move_the_cursor_or_turn_the_line() {
        assert_eq!(line("a\u{1b}[31mb\u{202e}c\u{200b}\n\u{9b}"), "a\\u{1b}[31mb\\u{202e}c\\u{200b}\\n\\u{9b}");
        assert_eq!(lines("a\tb\r\nc\u{7}"), "a    b\nc\\u{7}");
        assert_eq!(line("schön 😀 日本"), "schön 😀 日本");
    }

    #[test]
    fn nothing_is_a_command_to_the_runner() {
        assert_eq!(disarm("a\n  ::error::x\n::: p.tf:1:1\n"), "a\n  \\u{3a}:error::x\n::: p.tf:1:1\n");
        assert_eq!(disarm("1 | ##[group]x"), "1 | ##\\u{5b}group]x");
    }

    #[test]
    fn escapes_in_json_change_nothing_for_its_reader() {
        let document = serde_json::json!({"a": "##[x\u{9b}\u{202e}\u{e0001}"}).to_string();
        let json = disarm_json(&document);
        assert_eq!(json, r###"{"a":"##\u005bx\u009b\u202e\udb40\udc01"}"###);
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&json).unwrap(),
            serde_json::from_str::<serde_json::Value>(&document).unwrap()
        );
    }

    #[test]
    fn every_byte_is_plain_or_not_wherever_it_stands() {
        for at in 0..20 {
            for byte in 0..=u8::MAX {
                let mut text = *b"a ~\n0123456789abcdef";
                text[at] = byte;
                assert_eq!(is_plain(&text), (b' '..=b'~').contains(&byte) || byte == b'\n', "{byte} at {at}");
            }
        }
        assert!(is_plain(b"") && is_plain(&[b'\n'; 5_000]) && !is_plain(&[0xff; 8]));
    }

    #[test]
    fn lines_are_broken_at_blanks() {
        assert_eq!(wrap("one two three\nfour", 8), "one two\nthree\nfour");
        assert_eq!(wrap("a verylongword b", 5), "a\nverylongword\nb");
        assert_eq!(wrap("- a\n  - b", 20), "- a\n  - b");
    }

    #[test]
    fn a_sentence_ends_at_a_full_stop_outside_code() {
        assert_eq!(first_sentence("Key `a. b` of v1.2 is bad. Fix it."), ("Key `a. b` of v1.2 is bad.", "Fix it."));
        assert_eq!(first_sentence("One\ntwo. three"), ("One", "two. three"));
        assert_eq!(first_sentence("Only one."), ("Only one.", ""));
    }

    #[test]
    fn keys_are_cut() {
        assert_eq!(mask_keys("x AKIAIOSFODNN7EXAMPLE, ASIA1"), "x AKIA****************, ASIA1");
        assert_eq!(mask_keys("éAKIAIOSFODNN7EXAMPLE"), "éAKIA****************");
    }

    #[test]
    fn json_that_is_written_bit_by_bit_is_as_safe_as_at_once() {
        // Long enough to be passed on many times, in writes that cut keys, characters and commands in two.
        let line = "  \"AKIAIOSFODNN7EXAMPLE ##[group] \u{202e} ASIAIOSFODNN7EXAMPLE schön\",\n";
        let whole = line.repeat(5_000);
        for step in [1, 7, 4_096, whole.len()] {
            let mut out = Vec::new();
            let mut safe = Safe::new(&mut out);
            whole.as_bytes().chunks(step).for_each(|part| io::Write::write_all(&mut safe, part).unwrap());
            safe.finish().unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), mask_keys(&disarm_json(&whole)), "{step}");
        }
        assert!(!mask_keys(&disarm_json(&whole)).contains("EXAMPLE"));
    }

    #[test]
    fn ranges_follow_what_is_shown() {
        let source = "a = \"sécret\"\r\nb\t= \u{202e}x";
        let display = Display::new(source, 0..source.len(), std::slice::from_ref(&(5..12)));
        assert_eq!(display.text, "a = \"(sensitive)\"\nb\t= \\u{202e}x");
        let shown = |start, end| display.text.get(display.range(start..end)).unwrap();
        assert_eq!(shown(4, 13), "\"(sensitive)\"");
        assert_eq!(shown(0, 1), "a");
        let x = source.find('x').unwrap();
        assert_eq!(shown(x, x + 1), "x");
        assert_eq!(shown(x, 999), "x");
        assert_eq!(shown(998, 999), "");
        // Into the middle of a character.
        assert_eq!(shown(7, 8), "(sensitive)".get(0..0).unwrap());
    }
}
