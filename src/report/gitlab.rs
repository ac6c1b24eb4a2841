//! GitLab's code quality report: a list of issues, of which merge requests show the new ones by their fingerprints.

use serde::Serialize;

use super::shown::line;
use super::{Item, Report, json};
use crate::finding::Severity;

#[derive(Serialize)]
struct Issue<'a> {
    description: String,
    check_name: &'a str,
    fingerprint: &'a str,
    severity: &'static str,
    location: Location<'a>,
}

#[derive(Serialize)]
struct Location<'a> {
    path: &'a str,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
    end: u32,
}

/// The findings as one JSON document with a line feed at its end. The format has no place for anything else.
pub fn render(report: &Report) -> String {
    let issues: Vec<Issue<'_>> = report.findings.iter().map(issue).collect();
    json::text(&issues)
}

fn issue(item: &Item) -> Issue<'_> {
    let place = item.real_place();
    Issue {
        description: line(&item.message()),
        check_name: &item.finding.check,
        fingerprint: &item.fingerprint,
        severity: severity(item.finding.severity),
        location: Location { path: place.path.as_str(), lines: Lines { begin: place.start.line, end: place.end.line } },
    }
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "blocker",
        Severity::High => "critical",
        Severity::Medium => "major",
        Severity::Low => "minor",
        Severity::Info => "info",
    }
}
