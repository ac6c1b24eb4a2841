//! Baselines: the findings that were there when somebody began to look, so that only later ones are reported.

use std::collections::BTreeSet;

use camino::Utf8Path;
use serde::{Deserialize, Serialize};

use crate::source::{LineIndex, Sources, Span};
use crate::syntax::json;
use crate::syntax::node::Node;

/// The version of the format.
const VERSION: &str = "1";

/// A finding as a baseline keeps it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Entry {
    /// Where it was: for readers, as what follows but the last.
    pub path: String,
    /// Its check.
    pub check: String,
    /// Its block's address.
    pub resource: String,
    /// What is wrong.
    pub message: String,
    /// What makes it the same finding tomorrow.
    pub fingerprint: String,
}

/// The baseline of these findings: sorted and with one line for each fact, so that it can be compared.
pub fn write(mut entries: Vec<Entry>) -> String {
    #[derive(Serialize)]
    struct Document<'a> {
        version: u32,
        findings: &'a [Entry],
    }
    entries.sort();
    // Serializing structs of strings into a string does not fail.
    let mut text = serde_json::to_string_pretty(&Document { version: 1, findings: &entries }).unwrap_or_default();
    text.push('\n');
    text
}

/// An entry of a baseline that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The fingerprint.
    pub fingerprint: String,
    /// The finding in words.
    pub what: String,
    /// Where the entry stands.
    pub span: Span,
}

/// Reads the baseline that lies at `path`, which is a file of the repository if it is `inside`.
///
/// # Errors
/// In words with file, line and column.
pub fn parse(path: &Utf8Path, inside: bool, text: &str, sources: &Sources) -> Result<Vec<Known>, String> {
    let file = if inside { sources.file(path) } else { sources.virtual_file(path.as_str(), text) };
    let known = json::parse(text, file).map_err(|error| (error.message, error.span)).and_then(|node| read(&node));
    known.map_err(|(message, span)| {
        let place = LineIndex::new(text).position(text, span.start);
        format!("{path}:{}:{}: {message}", place.line, place.column)
    })
}

/// The fingerprints in a JSON report of another run, of what is not waived.
///
/// # Errors
/// In words, when it is no report.
pub fn of_report(text: &str) -> Result<BTreeSet<String>, String> {
    #[derive(Deserialize)]
    struct Report {
        version: u32,
        findings: Vec<Finding>,
    }
    #[derive(Deserialize)]
    struct Finding {
        fingerprint: String,
        #[serde(default)]
        waived: Option<serde::de::IgnoredAny>,
    }
    let report: Report = serde_json::from_str(text).map_err(|error| format!("is no report: {error}"))?;
    if report.version != 1 {
        return Err(format!("is a report of version {}, expected was 1", report.version));
    }
    let findings = report.findings.into_iter().filter(|finding| finding.waived.is_none());
    Ok(findings.map(|finding| finding.fingerprint).collect())
}

/// Reads a baseline.
///
/// # Errors
/// In words and with a place, when it is none: what is not understood would silence nothing, or everything.
fn read(document: &Node) -> Result<Vec<Known>, (String, Span)> {
    let version = document.get("version").and_then(Node::as_str);
    if version != Some(VERSION) {
        return Err((
            format!("a baseline of version {VERSION} is expected: `rootlint baseline` writes one"),
            document.span,
        ));
    }
    let findings = document.get("findings").and_then(Node::as_sequence);
    let findings = findings.ok_or_else(|| ("`findings` is missing".to_owned(), document.span))?;
    let known = |entry: &Node| {
        let text = |key: &str| entry.get(key).and_then(Node::as_str).map(str::to_owned);
        let fingerprint = text("fingerprint").ok_or_else(|| ("`fingerprint` is missing".to_owned(), entry.span))?;
        let what = [text("check"), text("resource").or_else(|| text("path"))].into_iter().flatten();
        Ok(Known { fingerprint, what: what.collect::<Vec<_>>().join(" "), span: entry.span })
    };
    findings.iter().map(known).collect()
}
