//! Comma-separated values (RFC 4180), record by record, with the place of each cell. What is wrong with one record costs
//! that record.

use crate::source::Span;
use crate::syntax::node::SyntaxError;

/// A record: a line, or several where a quoted cell holds line ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Where it stands, without its line end.
    pub span: Span,
    /// Its cells.
    pub cells: Vec<Cell>,
    /// What is wrong with it. The cells before the place are right.
    pub problem: Option<SyntaxError>,
}

/// A cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Its text, without quotes around it.
    pub text: String,
    /// Where that stands.
    pub span: Span,
}

/// The records of a text that stands at the start of `base`. Empty lines are none, and a byte order mark is no text.
pub fn records(text: &str, base: Span, delimiter: char) -> Records<'_> {
    let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    Records { text, at, base, delimiter }
}

/// Reads records on demand: a report of a large account is never in memory twice.
#[derive(Debug)]
pub struct Records<'a> {
    text: &'a str,
    at: usize,
    base: Span,
    delimiter: char,
}

impl Iterator for Records<'_> {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        while let Some(width) = self.line_end() {
            self.at += width;
        }
        (self.at < self.text.len()).then(|| self.record())
    }
}

impl Records<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The width of the line end that comes next, if one does.
    fn line_end(&self) -> Option<usize> {
        let rest = self.rest();
        if rest.starts_with("\r\n") { Some(2) } else { rest.starts_with(['\n', '\r']).then_some(1) }
    }

    fn span(&self, start: usize, end: usize) -> Span {
        let offset = self.base.start as usize;
        Span::new(self.base.file, offset + start, offset + end)
    }

    fn record(&mut self) -> Record {
        let start = self.at;
        let mut cells = Vec::new();
        let mut problem = None;
        loop {
            match if self.rest().starts_with('"') { self.quoted() } else { Ok(self.bare()) } {
                Ok(cell) => cells.push(cell),
                Err(error) => {
                    // The next line starts a record again: a quote that is missing is missing in one line.
                    self.at = (error.span.end - self.base.start) as usize;
                    problem = Some(error);
                    break;
                }
            }
            if !self.rest().starts_with(self.delimiter) {
                break;
            }
            self.at += self.delimiter.len_utf8();
        }
        let span = self.span(start, self.at);
        self.at += self.line_end().unwrap_or(0);
        Record { span, cells, problem }
    }

    fn bare(&mut self) -> Cell {
        let start = self.at;
        let rest = self.rest();
        let length = rest.find([self.delimiter, '\n', '\r']).unwrap_or(rest.len());
        let text = rest.get(..length).unwrap_or_default().to_owned();
        self.at += length;
        Cell { text, span: self.span(start, self.at) }
    }

    /// In quotes, where a quote doubled is a quote and lines may end.
    fn quoted(&mut self) -> Result<Cell, SyntaxError> {
        let opened = self.at;
        let line = self.rest().find(['\n', '\r']).map_or(self.text.len(), |length| opened + length);
        let wrong = |message: &str, end: usize| SyntaxError { message: message.into(), span: self.span(opened, end) };
        let mut text = String::new();
        let mut at = opened + 1;
        loop {
            let rest = self.text.get(at..).unwrap_or_default();
            let Some((part, after)) = rest.split_once('"') else {
                return Err(wrong("this quoted cell is not closed", line));
            };
            text.push_str(part);
            at += part.len() + 1;
            if after.starts_with('"') {
                text.push('"');
                at += 1;
            } else if after.is_empty() || after.starts_with([self.delimiter, '\n', '\r']) {
                break;
            } else {
                return Err(wrong("after the closing quote of a cell comes neither a separator nor a line end", line));
            }
        }
        self.at = at;
        Ok(Cell { text, span: self.span(opened + 1, at - 1) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;

    fn read(text: &str) -> Vec<Record> {
        records(text, Span::start_of(Sources::default().file("a.csv".into())), ',').collect()
    }

    fn texts(record: &Record) -> Vec<&str> {
        record.cells.iter().map(|cell| &*cell.text).collect()
    }

    #[test]
    fn cells_have_their_places() {
        let text = "\u{feff}a,\"b,\"\"c\"\r\n\r\n,é\n\"x\ny\",";
        let all = read(text);
        assert_eq!(all.iter().map(texts).collect::<Vec<_>>(), [vec!["a", "b,\"c"], vec!["", "é"], vec!["x\ny", ""]]);
        let at = |record: usize, cell: usize| {
            let span = all[record].cells[cell].span;
            text.get(span.start as usize..span.end as usize).unwrap()
        };
        assert_eq!((at(0, 0), at(0, 1), at(1, 1), at(2, 0), at(2, 1)), ("a", "b,\"\"c", "é", "x\ny", ""));
        assert!(all.iter().all(|record| record.problem.is_none()));
        assert_eq!(read("").len() + read("\n\r\n").len(), 0);
    }

    #[test]
    fn a_wrong_record_costs_one_line() {
        for (wrong, message) in [("\"b", "not closed"), ("\"b\"x", "neither a separator")] {
            let text = format!("a,{wrong}\nc,d\n");
            let all = read(&text);
            assert_eq!(texts(&all[0]), ["a"], "{text}");
            let problem = all[0].problem.as_ref().unwrap();
            assert!(problem.message.contains(message), "{problem:?}");
            assert_eq!((problem.span.start, problem.span.end as usize), (2, 2 + wrong.len()));
            assert_eq!(texts(&all[1]), ["c", "d"]);
        }
    }
}
