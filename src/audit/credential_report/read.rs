//! Credential reports, in whatever form they were kept. What a file is shows in what it holds, never in its name.

use std::cell::Cell;
use std::sync::Arc;

use camino::Utf8Path;
use jiff::Timestamp;

use crate::aws::credential_report::{CredentialReport, What, time};
use crate::finding::{Diagnostic, Findings};
use crate::source::{FileId, Sources, Span};
use crate::syntax::json::parse_at;
use crate::syntax::{json as syntax, yaml};

mod json;
mod table;

/// The code of whatever is wrong with a report.
const FORM: &str = "credential-report-form";

const UNKNOWN: &str = "this is no credential report: expected the CSV, the answer of get-credential-report or \
                       get-account-summary, or a resource of Panther's with a `CredentialReport`";

/// What is read, and what it is called.
struct Input<'a> {
    path: &'a Utf8Path,
    file: FileId,
    sources: &'a Sources,
    /// How many texts in base64 were met: each is a source of its own.
    decoded: Cell<usize>,
}

impl Input<'_> {
    /// A source for what the file holds in base64.
    fn decoded(&self, text: &str) -> FileId {
        let number = self.decoded.replace(self.decoded.get() + 1) + 1;
        let number = if number > 1 { format!(" {number}") } else { String::new() };
        self.sources.virtual_file(&format!("<{}, decoded{number}>", self.path), text)
    }
}

/// The reports in a file. What is wrong is an error with its place; everything else is read all the same.
pub fn read(
    path: &Utf8Path,
    bytes: &[u8],
    file: FileId,
    sources: &Sources,
    out: &mut Findings,
) -> Vec<CredentialReport> {
    let start = Span::start_of(file);
    let input = Input { path, file, sources, decoded: Cell::new(0) };
    let Ok(text) = std::str::from_utf8(bytes) else {
        out.error(Diagnostic::new("not-utf8", "this file is not UTF-8 text: save it as UTF-8", start));
        return Vec::new();
    };
    if text.trim_start_matches('\u{feff}').trim_start().starts_with(['{', '[']) {
        return values(text, &input, out);
    }
    let (text, base) = match table::delimiter(text, start) {
        Some(_) => (Arc::from(text), start),
        // What `--query Content --output text` prints.
        None => match json::decoded(text, &input) {
            Some(decoded) if !text.trim().is_empty() => decoded,
            _ => (Arc::from(text), start),
        },
    };
    match table::delimiter(&text, base) {
        Some(delimiter) => {
            let mut reports = table::read(&text, base, delimiter, out);
            let encoded = (base.file != file).then_some(start);
            reports.iter_mut().for_each(|report| report.encoded = encoded);
            reports
        }
        None => {
            out.error(Diagnostic::new(FORM, UNKNOWN, start));
            Vec::new()
        }
    }
}

/// What is wrong with single rows or lines. A file that is broken all over is not told of line by line.
#[derive(Debug, Default)]
struct Complaints {
    told: usize,
    others: usize,
}

impl Complaints {
    const MOST: usize = 10;

    fn add(&mut self, error: Diagnostic, out: &mut Findings) {
        if self.told < Self::MOST {
            self.told += 1;
            out.errors.push(error);
        } else {
            self.others += 1;
        }
    }

    fn finish(self, span: Span, out: &mut Findings) {
        if self.others > 0 {
            let message = format!("{} more rows of this file are wrong", self.others);
            out.errors.push(Diagnostic::new(FORM, message, span));
        }
    }
}

/// One JSON value, or one a line.
fn values(text: &str, input: &Input<'_>, out: &mut Findings) -> Vec<CredentialReport> {
    let whole = match syntax::parse(text, input.file) {
        Ok(node) => return json::read(&node, input, out),
        Err(error) => error,
    };
    let first = text.trim_start_matches('\u{feff}').trim_start().lines().next().unwrap_or_default();
    if syntax::parse(first, input.file).is_ok() {
        return lines(text, input, out);
    }
    // Panther writes the resources of its tests in YAML, where a comma may follow the last entry.
    let documents = yaml::parse(text, input.file).unwrap_or_default();
    let is_resource = |node: &crate::syntax::node::Node| node.get("CredentialReport").is_some();
    if !documents.is_empty() && documents.iter().all(is_resource) {
        return documents.iter().flat_map(|node| json::read(node, input, out)).collect();
    }
    out.error(Diagnostic::new("json-syntax", whole.message, whole.span));
    Vec::new()
}

fn lines(text: &str, input: &Input<'_>, out: &mut Findings) -> Vec<CredentialReport> {
    let mut found: Vec<CredentialReport> = Vec::new();
    let mut wrong = Complaints::default();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let base = Span::new(input.file, start, start + line.len());
        start += line.len();
        if line.trim_start_matches('\u{feff}').trim().is_empty() {
            continue;
        }
        match parse_at(line, base) {
            Ok(node) => found.extend(json::read(&node, input, out)),
            Err(error) => wrong.add(Diagnostic::new("json-syntax", error.message, error.span), out),
        }
    }
    wrong.finish(Span::start_of(input.file), out);
    found
}

/// Whether a key is active. Anything else than the two words answers nothing.
fn active(text: &str) -> What<bool> {
    match text.trim() {
        text if text.eq_ignore_ascii_case("true") => What::Is(true),
        text if text.eq_ignore_ascii_case("false") => What::Is(false),
        text => What::Unclear(shortened(text)),
    }
}

/// A date. `N/A` says that there is none, and so does the time that Go writes for no time.
fn date(text: &str) -> What<Timestamp> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("N/A") || text == "0001-01-01T00:00:00Z" {
        return What::None;
    }
    time(text).map_or_else(|| What::Unclear(shortened(text)), What::Is)
}

/// What is written, short enough for a sentence.
fn shortened(text: &str) -> Arc<str> {
    const LONGEST: usize = 40;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()).into(),
        None => text.into(),
    }
}

#[cfg(test)]
mod tests;
