//! Cuts a stream of JSON into records without holding more of it than one record.
//!
//! What may stand in the stream: one object or several after each other (JSON lines), arrays of objects, and objects with
//! an array `Records` (files of CloudTrail) or `Events` (answers of `lookup-events`). The elements of all of these are the
//! records. The grammar of JSON is checked as far as braces, quotes, commas and colons go; whoever needs a record parses it.

use std::io::Read;

use memchr::{memchr, memchr_iter, memchr3, memrchr};

use crate::source::Position;

/// The longest record that is read. CloudTrail writes none above 1 MB; `lookup-events` escapes them.
pub const MAX_RECORD: usize = 4 << 20;

/// How deeply brackets may nest; the JSON library takes not many more.
const MAX_DEPTH: usize = 120;

/// How much is read at once.
const CHUNK: usize = 256 << 10;

/// Names of arrays whose elements are records.
const LISTS: [&[u8]; 2] = [b"\"Records\"", b"\"Events\""];

/// What is said of text that is no JSON at all.
pub const NO_OBJECT: &str = "this is no JSON object or list of them";

/// What comes next in a stream.
#[derive(Debug)]
pub enum Found {
    /// A record: [`Splitter::bytes`] has its text.
    Record(Place),
    /// Something that is no record. The stream goes on after it, on the next line.
    Fault(Position, &'static str),
    /// A record that is too large. The stream goes on after it.
    TooLarge(Position),
    /// The stream cannot be read further.
    Broken(Position, std::io::Error),
}

/// Where in its stream a record lies. It holds until the next one is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    start: usize,
    end: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    /// A value.
    Value,
    /// A value or `]`.
    ValueOrEnd,
    /// A name or `}`.
    NameOrEnd,
    /// A name.
    Name,
    /// `:`
    Colon,
    /// `,` or the end of what is open.
    CommaOrEnd,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    Between,
    Text { is_name: bool, escaped: bool },
    Bare,
}

/// A record that has begun.
#[derive(Clone, Copy, Debug)]
struct Open {
    /// Where, while its text is kept.
    start: Option<usize>,
    /// How many brackets are open around it.
    depth: usize,
    /// Whether it starts a line.
    is_line: bool,
}

/// Cuts a stream into records.
pub struct Splitter<R> {
    reader: R,
    chunk: usize,
    buffer: Vec<u8>,
    at: usize,
    ended: bool,
    failed: Option<std::io::Error>,
    /// Where the first byte of the buffer stands in the stream.
    before: Count,
    /// A later byte of the buffer, and where that stands.
    counted: (usize, Count),
    /// Open brackets.
    stack: Vec<u8>,
    /// At which depths the elements of an array are records.
    lists: Vec<usize>,
    expect: Expect,
    token: Token,
    open: Option<Open>,
    /// Where the last name that may be that of a list starts and ends.
    name: (usize, usize),
    last: u8,
    saw_list: bool,
    /// Whether the rest of the line is passed over.
    lost: bool,
    /// After a fault brackets no longer fit.
    lenient: bool,
}

/// Lines and characters.
#[derive(Clone, Copy, Debug)]
struct Count {
    line: u32,
    column: u32,
}

impl Count {
    fn add(&mut self, bytes: &[u8]) {
        let characters = |bytes: &[u8]| bytes.iter().filter(|byte| (**byte & 0xC0) != 0x80).count() as u32;
        match memrchr(b'\n', bytes) {
            Some(last) => {
                self.line = self.line.saturating_add(memchr_iter(b'\n', bytes).count() as u32);
                self.column = 1 + characters(bytes.get(last + 1..).unwrap_or_default());
            }
            None => self.column = self.column.saturating_add(characters(bytes)),
        }
    }
}

impl<R> std::fmt::Debug for Splitter<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Splitter").field("at", &self.before).field("open", &self.open).finish_non_exhaustive()
    }
}

impl<R: Read> Splitter<R> {
    /// A splitter of what `reader` gives.
    pub fn new(reader: R) -> Self {
        Self::in_chunks(reader, CHUNK)
    }

    fn in_chunks(reader: R, chunk: usize) -> Self {
        let before = Count { line: 1, column: 1 };
        Self {
            reader,
            chunk,
            buffer: Vec::with_capacity(2 * chunk),
            at: 0,
            ended: false,
            failed: None,
            before,
            counted: (0, before),
            stack: Vec::new(),
            lists: Vec::new(),
            expect: Expect::Value,
            token: Token::Between,
            open: None,
            name: (0, 0),
            last: b'\n',
            saw_list: false,
            lost: false,
            lenient: false,
        }
    }

    /// Whether a list of records was met, even if it is empty.
    pub fn saw_list(&self) -> bool {
        self.saw_list
    }

    /// The text of a record.
    pub fn bytes(&self, place: Place) -> &[u8] {
        self.buffer.get(place.start..place.end).unwrap_or_default()
    }

    /// Where a record starts and ends in the stream.
    pub fn positions(&mut self, place: Place) -> (Position, Position) {
        (self.position(place.start), self.position(place.end))
    }

    fn position(&mut self, at: usize) -> Position {
        if at < self.counted.0 {
            self.counted = (0, self.before);
        }
        let (from, count) = &mut self.counted;
        count.add(self.buffer.get(*from..at).unwrap_or_default());
        *from = at;
        Position { line: count.line, column: count.column }
    }

    /// The next record or fault; nothing at the end.
    pub fn next_found(&mut self) -> Option<Found> {
        loop {
            if let Some(found) = self.scan() {
                return Some(found);
            }
            let too_long = |open: &Open| open.start.is_some_and(|start| self.at - start > MAX_RECORD);
            if let Some(open) = self.open.filter(too_long) {
                let start = self.position(open.start.unwrap_or(self.at));
                self.open = Some(Open { start: None, is_line: self.is_one_line(open), ..open });
                return Some(Found::TooLarge(start));
            }
            if self.ended {
                return self.finish();
            }
            self.fill();
        }
    }

    /// Reads more, and forgets what is not needed any more.
    fn fill(&mut self) {
        let keep = self.open.and_then(|open| open.start).unwrap_or(self.at).min(self.buffer.len());
        if keep > 0 {
            self.position(keep);
            self.before = self.counted.1;
            self.buffer.copy_within(keep.., 0);
            self.buffer.truncate(self.buffer.len() - keep);
            self.at -= keep;
            self.name = (self.name.0.saturating_sub(keep), self.name.1.saturating_sub(keep));
            if let Some(Open { start: Some(start), .. }) = &mut self.open {
                *start -= keep;
            }
        }
        self.counted = (0, self.before);
        // What was read before a failure counts.
        match (&mut self.reader).take(self.chunk as u64).read_to_end(&mut self.buffer) {
            Ok(read) => self.ended = read == 0,
            Err(error) => (self.ended, self.failed) = (true, Some(error)),
        }
    }

    /// The end of the stream.
    fn finish(&mut self) -> Option<Found> {
        if let Some(error) = self.failed.take() {
            self.forget();
            return Some(Found::Broken(self.position(self.at), error));
        }
        let open = self.open.take();
        let unfinished = !self.stack.is_empty() || self.token != Token::Between;
        self.forget();
        if !unfinished {
            return None;
        }
        let at = open.and_then(|open| open.start).unwrap_or(self.at);
        let what = match open {
            Some(_) => "the input ends in the middle of this record",
            None => "the input ends before its list of records does",
        };
        Some(Found::Fault(self.position(at), what))
    }

    fn forget(&mut self) {
        self.stack.clear();
        self.lists.clear();
        self.open = None;
        self.expect = Expect::Value;
        self.token = Token::Between;
        self.lost = false;
    }

    /// Something does not fit: the record that is open is lost, and all goes on at the next line, or here.
    fn fault(&mut self, what: &'static str, resume_here: bool) -> Option<Found> {
        let at = self.open.and_then(|open| open.start).unwrap_or(self.at);
        let position = self.position(at);
        self.forget();
        self.lenient = true;
        self.lost = !resume_here;
        Some(Found::Fault(position, what))
    }

    /// Goes through what is in the buffer up to the end of a record, a fault, or the end of the buffer.
    fn scan(&mut self) -> Option<Found> {
        while let Some(&byte) = self.buffer.get(self.at) {
            if self.lost {
                self.pass_over();
                continue;
            }
            match self.token {
                Token::Text { is_name, escaped } => {
                    if let Some(found) = self.text(is_name, escaped) {
                        return Some(found);
                    }
                }
                Token::Bare if byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.') => self.at += 1,
                Token::Bare => {
                    self.token = Token::Between;
                    if let Some(found) = self.value_done() {
                        return Some(found);
                    }
                }
                Token::Between if matches!(byte, b' ' | b'\n' | b'\r' | b'\t') => {
                    self.last = byte;
                    self.at += 1;
                }
                Token::Between => {
                    if let Some(found) = self.start(byte) {
                        return Some(found);
                    }
                    self.last = byte;
                }
            }
        }
        None
    }

    /// To the end of a line that is lost.
    fn pass_over(&mut self) {
        let rest = self.buffer.get(self.at..).unwrap_or_default();
        match memchr(b'\n', rest) {
            Some(length) => {
                self.at += length + 1;
                self.last = b'\n';
                self.lost = false;
            }
            None => self.at = self.buffer.len(),
        }
    }

    /// Inside a text.
    fn text(&mut self, is_name: bool, escaped: bool) -> Option<Found> {
        if escaped {
            self.at += 1;
            self.token = Token::Text { is_name, escaped: false };
            return None;
        }
        let rest = self.buffer.get(self.at..).unwrap_or_default();
        let Some(length) = memchr3(b'"', b'\\', b'\n', rest) else {
            self.at = self.buffer.len();
            return None;
        };
        let byte = rest.get(length).copied();
        self.at += length + 1;
        match byte {
            Some(b'\\') => self.token = Token::Text { is_name, escaped: true },
            Some(b'\n') => {
                // The next line may be whole.
                self.last = b'\n';
                return self.fault("a line feed in a string: this record is no JSON", true);
            }
            _ => {
                self.last = b'"';
                self.token = Token::Between;
                if !is_name {
                    return self.value_done();
                }
                self.name.1 = self.at;
                self.expect = Expect::Colon;
            }
        }
        None
    }

    /// A byte at which something starts or ends.
    fn start(&mut self, byte: u8) -> Option<Found> {
        let wants_value = matches!(self.expect, Expect::Value | Expect::ValueOrEnd);
        match byte {
            b'{' | b'[' if wants_value => return self.bracket(byte),
            b'"' if wants_value && !self.stack.is_empty() => {
                self.token = Token::Text { is_name: false, escaped: false };
            }
            b'"' if matches!(self.expect, Expect::Name | Expect::NameOrEnd) => {
                self.name.0 = self.at;
                self.token = Token::Text { is_name: true, escaped: false };
            }
            b'}' if matches!(self.expect, Expect::CommaOrEnd | Expect::NameOrEnd)
                && self.stack.last() == Some(&b'{') =>
            {
                return self.close();
            }
            b']' if matches!(self.expect, Expect::CommaOrEnd | Expect::ValueOrEnd)
                && self.stack.last() == Some(&b'[') =>
            {
                return self.close();
            }
            b',' if self.expect == Expect::CommaOrEnd => {
                self.expect = if self.stack.last() == Some(&b'{') { Expect::Name } else { Expect::Value };
            }
            b':' if self.expect == Expect::Colon => self.expect = Expect::Value,
            b't' | b'f' | b'n' | b'-' | b'0'..=b'9' if wants_value && !self.stack.is_empty() => {
                self.token = Token::Bare;
            }
            b',' | b']' | b'}' if self.stack.is_empty() && self.lenient => {}
            b'{' if self.is_next_line() => {
                return self.fault("this record does not end before the next line", true);
            }
            _ if self.open.is_some() => return self.fault("this record is no JSON", false),
            _ => return self.fault(NO_OBJECT, false),
        }
        self.at += 1;
        None
    }

    fn bracket(&mut self, byte: u8) -> Option<Found> {
        let depth = self.stack.len();
        if depth >= MAX_DEPTH {
            return self.fault("this record nests too deeply", false);
        }
        let line = self.last == b'\n';
        if byte == b'{' && self.is_next_line() {
            return self.fault("this record does not end before the next line", true);
        }
        let elements = depth == 0 || self.lists.last() == Some(&depth);
        match (byte, self.open) {
            (b'[', None) if depth == 0 => self.lists.push(1),
            (b'{', None) if elements => {
                self.open = Some(Open { start: Some(self.at), depth, is_line: line });
            }
            (b'[', Some(open)) if depth == open.depth + 1 && self.is_list(open) => {
                // What was taken for a record is what holds the records.
                self.open = None;
                self.saw_list = true;
                self.lists.push(depth + 1);
            }
            _ => {}
        }
        self.stack.push(byte);
        self.expect = if byte == b'{' { Expect::NameOrEnd } else { Expect::ValueOrEnd };
        self.at += 1;
        None
    }

    /// Whether a record is written on one line, as far as its start tells: it has `{"` after a line feed.
    fn is_one_line(&self, open: Open) -> bool {
        open.is_line && open.start.is_none_or(|start| self.buffer.get(start + 1) == Some(&b'"'))
    }

    /// Whether a brace that starts a line cannot belong to the record that is open.
    fn is_next_line(&self) -> bool {
        self.last == b'\n' && self.open.is_some_and(|open| self.is_one_line(open))
    }

    /// Whether the value that starts here is a list of records, by its name.
    fn is_list(&self, open: Open) -> bool {
        let name = self.buffer.get(self.name.0..self.name.1);
        open.start.is_some() && name.is_some_and(|name| LISTS.contains(&name))
    }

    fn close(&mut self) -> Option<Found> {
        if self.lists.last() == Some(&self.stack.len()) {
            self.lists.pop();
        }
        self.stack.pop();
        self.at += 1;
        self.last = b'}';
        self.value_done()
    }

    fn value_done(&mut self) -> Option<Found> {
        self.expect = if self.stack.is_empty() { Expect::Value } else { Expect::CommaOrEnd };
        let open = self.open.filter(|open| open.depth == self.stack.len())?;
        self.open = None;
        Some(Found::Record(Place { start: open.start?, end: self.at }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(mut splitter: Splitter<impl Read>) -> Vec<String> {
        let mut found = Vec::new();
        while let Some(next) = splitter.next_found() {
            found.push(match next {
                Found::Record(place) => {
                    let (start, end) = splitter.positions(place);
                    let text = String::from_utf8_lossy(splitter.bytes(place)).into_owned();
                    format!("{}:{}-{}:{} {text}", start.line, start.column, end.line, end.column)
                }
                Found::Fault(at, what) => format!("{}:{} fault: {what}", at.line, at.column),
                Found::TooLarge(at) => format!("{}:{} too large", at.line, at.column),
                Found::Broken(at, error) => format!("{}:{} broken: {error}", at.line, at.column),
            });
        }
        found
    }

    fn split(text: &str) -> Vec<String> {
        let fast = all(Splitter::new(text.as_bytes()));
        assert_eq!(fast, all(Splitter::in_chunks(text.as_bytes(), 1)), "{}", text.get(..200).unwrap_or(text));
        fast
    }

    #[test]
    fn records_are_found_in_whatever_holds_them() {
        let record = r#"{"eventName":"a","x":{"Records":[1,{"b":"]}\"{"}]}}"#;
        assert_eq!(split(record), [format!("1:1-1:{} {record}", record.len() + 1)]);
        for (before, after) in [
            ("{\"Records\":[", "]}"),
            ("{\"x\": [{}], \"Records\" : [ ", " ] , \"y\": {\"z\": []} }\n"),
            ("{\"Events\":[", "],\"NextToken\":\"x\"}"),
            ("[", "]"),
            ("[{\"Records\":[", "]},{\"Records\":[]}]"),
            ("{\"Records\":[]}\n", "\n"),
        ] {
            let found = split(&format!("{before}{record}{after}"));
            assert_eq!(found.len(), 1, "{before}: {found:?}");
            assert!(found[0].ends_with(&format!(" {record}")), "{before}: {found:?}");
        }
        assert_eq!(split("{\"a\":1}\r\n{\"b\":2}{\"c\":3}").len(), 3);
        assert_eq!(
            split("[{\"é\":1},\n {\"é\":\"ü\"}, {}]"),
            ["1:2-1:9 {\"é\":1}", "2:2-2:11 {\"é\":\"ü\"}", "2:13-2:15 {}"]
        );
        assert!(split("{\"Records\":[]}").is_empty() && split("").is_empty() && split(" \n").is_empty());
        // Only a list directly in what holds the records is one.
        assert_eq!(split("{\"detail\":{\"Records\":[{}]}}").len(), 1);
        assert_eq!(split("{\"Records\":{\"a\":[{}]}}").len(), 1);
    }

    #[test]
    fn one_broken_record_costs_one_record() {
        let broken = |middle: &str| {
            let found = split(&format!("{{\"a\":1}}\n{middle}\n{{\"c\":3}}\n"));
            assert_eq!(
                (found.len(), found[0].as_str(), found[2].as_str()),
                (3, "1:1-1:8 {\"a\":1}", "3:1-3:8 {\"c\":3}")
            );
            found[1].clone()
        };
        assert_eq!(broken("this is no JSON"), "2:1 fault: this is no JSON object or list of them");
        assert_eq!(broken("\"text\""), "2:1 fault: this is no JSON object or list of them");
        assert_eq!(broken("{\"b\": \"x"), "2:1 fault: a line feed in a string: this record is no JSON");
        assert_eq!(broken("{\"b\": {\"x\":"), "2:1 fault: this record does not end before the next line");
        assert_eq!(broken("{\"b\": {\"x\": 1"), "2:1 fault: this record does not end before the next line");
        assert_eq!(broken("{\"b\" 1}"), "2:1 fault: this record is no JSON");
        assert_eq!(broken("{\"b\": 1]"), "2:1 fault: this record is no JSON");
        assert_eq!(broken("{\"b\": ?}"), "2:1 fault: this record is no JSON");
        let list = split("{\"Records\":[\n{\"a\":1},\n{\"b\":\n{\"c\":3},\n{\"d\":4}\n]}");
        assert_eq!(
            list,
            [
                "2:1-2:8 {\"a\":1}",
                "3:1 fault: this record does not end before the next line",
                "4:1-4:8 {\"c\":3}",
                "5:1-5:8 {\"d\":4}"
            ]
        );
        // Indented records are not lines.
        assert_eq!(split("{\n\"a\":\n{\n\"b\": 1}}").len(), 1);
    }

    #[test]
    fn what_is_cut_off_is_said_after_what_is_whole() {
        let ends = "the input ends";
        let cut = |text: &str| split(text).pop().unwrap();
        assert_eq!(split("{\"Records\":[{\"a\":1},{\"b\":")[0], "1:13-1:20 {\"a\":1}");
        assert_eq!(cut("{\"Records\":[{\"a\":1},{\"b\":"), format!("1:21 fault: {ends} in the middle of this record"));
        assert_eq!(cut("{\"Records\":[{\"a\":1}"), format!("1:20 fault: {ends} before its list of records does"));
        assert_eq!(cut("{\"a\": \"x"), format!("1:1 fault: {ends} in the middle of this record"));
    }

    #[test]
    fn nothing_makes_it_hold_more_than_a_record() {
        let long = "x".repeat(3 * MAX_RECORD);
        for text in [
            format!("{{\"a\":\"{long}\"}}\n{{\"b\":1}}"),
            format!("{{\"Records\":[{{\"a\":\"{long}\"}},{{\"b\":1}}]}}"),
            format!("{long}\n{{\"b\":1}}"),
        ] {
            let mut splitter = Splitter::new(text.as_bytes());
            let mut found = Vec::new();
            while let Some(next) = splitter.next_found() {
                assert!(splitter.buffer.capacity() <= 4 * MAX_RECORD);
                found.push(matches!(next, Found::Record(_)));
            }
            assert_eq!(found, [false, true]);
        }
        let deep = "[".repeat(100_000);
        assert_eq!(split(&deep), ["1:121 fault: this record nests too deeply"]);
    }
}
