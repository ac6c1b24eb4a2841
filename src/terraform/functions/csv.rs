//! Comma-separated values as Go reads them, with the place of each field.

use std::ops::Range;

use super::spec::Failure;

/// A record and the line it starts on.
pub(super) struct Record {
    pub line: usize,
    pub fields: Vec<Field>,
}

/// One field.
pub(super) struct Field {
    pub text: String,
    /// Where its characters stand.
    pub range: Range<usize>,
    /// Whether they stand there one for one.
    pub verbatim: bool,
}

pub(super) fn error(line: usize, what: &str) -> Failure {
    Failure::Call(format!("CSV parse error on line {line}: {what}"))
}

/// All records; empty lines are none.
pub(super) fn read(source: &str) -> Result<Vec<Record>, Failure> {
    let mut records = Vec::new();
    let mut reader = Reader { source, at: 0, line: 1 };
    while reader.at < source.len() {
        if let Some(width) = reader.line_end() {
            reader.at += width;
            reader.line += 1;
            continue;
        }
        records.push(reader.record()?);
    }
    Ok(records)
}

struct Reader<'a> {
    source: &'a str,
    at: usize,
    line: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.source.get(self.at..).unwrap_or_default()
    }

    /// The width of the line end that comes next, if one does.
    fn line_end(&self) -> Option<usize> {
        let rest = self.rest();
        if rest.starts_with("\r\n") { Some(2) } else { rest.starts_with('\n').then_some(1) }
    }

    fn record(&mut self) -> Result<Record, Failure> {
        let mut record = Record { line: self.line, fields: Vec::new() };
        loop {
            let field = if self.rest().starts_with('"') { self.quoted()? } else { self.bare()? };
            record.fields.push(field);
            if self.rest().starts_with(',') {
                self.at += 1;
            } else {
                self.at += self.line_end().unwrap_or(0);
                self.line += 1;
                return Ok(record);
            }
        }
    }

    fn bare(&mut self) -> Result<Field, Failure> {
        let rest = self.rest();
        let line = rest.lines().next().unwrap_or_default();
        let text = line.split(',').next().unwrap_or_default();
        if text.contains('"') {
            return Err(error(self.line, "bare \" in non-quoted field"));
        }
        let range = self.at..self.at + text.len();
        self.at = range.end;
        Ok(Field { text: text.to_owned(), range, verbatim: true })
    }

    /// In quotes, where a quote doubled is a quote and lines may end.
    fn quoted(&mut self) -> Result<Field, Failure> {
        let start = self.at + 1;
        let mut text = String::new();
        self.at = start;
        loop {
            let Some((part, after)) = self.rest().split_once('"') else {
                return Err(error(self.line, "extraneous or missing \" in quoted-field"));
            };
            text.push_str(&part.replace("\r\n", "\n"));
            self.line += part.matches('\n').count();
            self.at += part.len() + 1;
            if after.starts_with('"') {
                text.push('"');
                self.at += 1;
                continue;
            }
            if !after.is_empty() && !after.starts_with(',') && self.line_end().is_none() {
                return Err(error(self.line, "extraneous or missing \" in quoted-field"));
            }
            let range = start..self.at - 1;
            let verbatim = range.len() == text.len();
            return Ok(Field { text, range, verbatim });
        }
    }
}
