//! SARIF 2.1.0, within what GitHub's code scanning takes.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use super::place::Place;
use super::{Item, Report, Rule, json};
use crate::finding::{Confidence, Severity};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// GitHub rejects a whole file with more results.
const MAX_RESULTS: usize = 25_000;

/// GitHub keeps 100 places of a result and rejects a file with more than 1,000.
const MAX_RELATED: usize = 100;

/// GitHub takes 1,024 characters in a rule's descriptions.
const MAX_DESCRIPTION: usize = 1024;

/// What may stand in a path of a URI as it is: no colon, so that no first part of a path is taken for a scheme.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool<'a>,
    automation_details: AutomationDetails,
    invocations: [Invocation<'a>; 1],
    results: Vec<SarifResult<'a>>,
    column_kind: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Tool<'a> {
    driver: Driver<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver<'a> {
    name: &'static str,
    semantic_version: &'static str,
    rules: Vec<SarifRule<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifRule<'a> {
    id: &'a str,
    short_description: Text,
    full_description: Text,
    help: Help<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help_uri: Option<&'a str>,
    default_configuration: Configuration,
    properties: RuleProperties,
}

#[derive(Serialize)]
struct Text {
    text: String,
}

#[derive(Serialize)]
struct Help<'a> {
    text: &'a str,
    markdown: &'a str,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct RuleProperties {
    precision: &'static str,
    #[serde(rename = "security-severity")]
    security_severity: &'static str,
    tags: Vec<String>,
}

#[derive(Serialize)]
struct AutomationDetails {
    id: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation<'a> {
    execution_successful: bool,
    tool_execution_notifications: Vec<Notification<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Notification<'a> {
    descriptor: Descriptor<'a>,
    level: &'static str,
    message: Text,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    locations: Vec<Location>,
}

#[derive(Serialize)]
struct Descriptor<'a> {
    id: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifResult<'a> {
    rule_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_index: Option<usize>,
    level: &'static str,
    message: Text,
    locations: [Location; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    code_flows: Vec<CodeFlow>,
    partial_fingerprints: BTreeMap<&'static str, String>,
    properties: ResultProperties<'a>,
}

#[derive(Serialize)]
struct ResultProperties<'a> {
    severity: Severity,
    confidence: Confidence,
    resource: &'a str,
}

#[derive(Serialize, Clone)]
#[serde(rename_all = "camelCase")]
struct Location {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    physical_location: PhysicalLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Message>,
}

#[derive(Serialize, Clone)]
struct Message {
    text: String,
}

#[derive(Serialize, Clone)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    region: Region,
}

#[derive(Serialize, Clone)]
#[serde(rename_all = "camelCase")]
struct ArtifactLocation {
    uri: String,
    uri_base_id: &'static str,
}

#[derive(Serialize, Clone)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    start_column: u32,
    end_line: u32,
    end_column: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CodeFlow {
    thread_flows: [ThreadFlow; 1],
}

#[derive(Serialize)]
struct ThreadFlow {
    locations: Vec<ThreadFlowLocation>,
}

#[derive(Serialize)]
struct ThreadFlowLocation {
    location: Location,
}

/// The report as one SARIF log with a line feed at its end.
pub fn render(report: &Report) -> String {
    render_at_most(report, MAX_RESULTS)
}

/// The same with at most `limit` results: the worst ones, and a notification that says so.
pub fn render_at_most(report: &Report, limit: usize) -> String {
    let mut rules: Vec<&Rule> = report.rules.iter().map(|rule| &**rule).collect();
    for item in &report.findings {
        if !rules.iter().any(|rule| rule.id == item.rule.id) {
            rules.push(&item.rule);
        }
    }
    rules.sort_by(|a, b| a.id.cmp(&b.id));
    let kept = worst(&report.findings, limit);
    let results = kept.iter().map(|item| result(item, &rules)).collect();
    let mut notifications = notifications(report);
    if kept.len() < report.findings.len() {
        let message = format!("{} of {} findings are listed here, the worst ones", kept.len(), report.findings.len());
        let (descriptor, message) = (Descriptor { id: "findings-left-out" }, Text { text: message });
        notifications.push(Notification { descriptor, level: "warning", message, locations: Vec::new() });
    }
    let log = Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: "rootlint",
                    semantic_version: env!("CARGO_PKG_VERSION"),
                    rules: rules.iter().map(|rule| sarif_rule(rule)).collect(),
                },
            },
            // The part before the slash is the category; without a slash GitHub takes it for a run id.
            automation_details: AutomationDetails { id: "rootlint/" },
            invocations: [Invocation {
                execution_successful: report.is_complete(),
                tool_execution_notifications: notifications,
            }],
            results,
            column_kind: "unicodeCodePoints",
        }],
    };
    json::text(&log)
}

/// As many findings as there may be, the worst ones, in their order.
fn worst(items: &[Item], limit: usize) -> Vec<&Item> {
    let mut kept: Vec<(usize, &Item)> = items.iter().enumerate().collect();
    if kept.len() > limit {
        kept.sort_by_key(|(index, item)| (std::cmp::Reverse(item.finding.severity), *index));
        kept.truncate(limit);
        kept.sort_by_key(|(index, _)| *index);
    }
    kept.into_iter().map(|(_, item)| item).collect()
}

fn sarif_rule(rule: &Rule) -> SarifRule<'_> {
    let title = if rule.title.is_empty() { &rule.id } else { &rule.title };
    let page = if rule.page.trim().is_empty() { title } else { &rule.page };
    let severity = rule.severity.unwrap_or(Severity::Medium);
    let mut tags = vec!["security".to_owned()];
    for (framework, controls) in &rule.frameworks {
        tags.extend(controls.iter().map(|control| format!("{framework} {control}")));
    }
    tags.truncate(20);
    SarifRule {
        id: &rule.id,
        short_description: Text { text: cut(title) },
        full_description: Text { text: cut(first_paragraph(page).unwrap_or(title)) },
        help: Help { text: page, markdown: page },
        help_uri: Some(rule.url.as_str()).filter(|url| !url.is_empty()),
        default_configuration: Configuration { level: level(severity) },
        properties: RuleProperties { precision: "high", security_severity: band(severity), tags },
    }
}

/// The first paragraph that is no heading.
fn first_paragraph(page: &str) -> Option<&str> {
    page.split("\n\n").map(str::trim).find(|part| !part.is_empty() && !part.starts_with('#'))
}

fn cut(text: &str) -> String {
    text.chars().take(MAX_DESCRIPTION).collect()
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// A number in the middle of GitHub's band for the severity. Exactly 9.0 lies in none of its bands.
fn band(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "2.5",
        Severity::Info => "0.5",
    }
}

fn result<'a>(item: &'a Item, rules: &[&Rule]) -> SarifResult<'a> {
    let finding = &item.finding;
    let related: Vec<&(String, Place)> = item.related.iter().filter(|(_, place)| place.real).collect();
    // GitHub rejects a whole file for one result without a place in it.
    let primary = match (item.place.real, related.first()) {
        (false, Some((_, place))) => location(place, None),
        _ => location(&item.place, None),
    };
    let related_locations = related
        .iter()
        .take(MAX_RELATED)
        .enumerate()
        .map(|(index, (message, place))| Location { id: Some(index + 1), ..location(place, Some(message)) })
        .collect();
    let mut partial_fingerprints = BTreeMap::from([("rootlint/v1", item.fingerprint.clone())]);
    if item.rule.absence {
        // The place of what is missing may move to another file: only our own line hash keeps the alert the same.
        // For everything else GitHub makes a better one from the lines themselves.
        partial_fingerprints.insert("primaryLocationLineHash", item.fingerprint.clone());
    }
    SarifResult {
        rule_id: &item.rule.id,
        rule_index: rules.iter().position(|rule| rule.id == item.rule.id),
        level: level(finding.severity),
        message: Text { text: plain(&item.message()) },
        code_flows: if item.rule.absence { Vec::new() } else { code_flow(&related, &primary, &finding.label) },
        locations: [primary],
        related_locations,
        partial_fingerprints,
        properties: ResultProperties {
            severity: finding.severity,
            confidence: finding.confidence,
            resource: &finding.resource,
        },
    }
}

/// The way of the value in the direction it took: from where it is written to the place of the finding.
fn code_flow(related: &[&(String, Place)], primary: &Location, label: &str) -> Vec<CodeFlow> {
    if related.is_empty() {
        return Vec::new();
    }
    let label = if label.is_empty() { "here" } else { label };
    let mut locations: Vec<ThreadFlowLocation> = related
        .iter()
        .take(MAX_RELATED - 1)
        .rev()
        .map(|(message, place)| ThreadFlowLocation { location: location(place, Some(message)) })
        .collect();
    let end = Location { message: Some(Message { text: plain(label) }), ..primary.clone() };
    locations.push(ThreadFlowLocation { location: end });
    vec![CodeFlow { thread_flows: [ThreadFlow { locations }] }]
}

/// A message in which nothing becomes a link.
fn plain(text: &str) -> String {
    text.replace("](", "] (")
}

fn location(place: &Place, message: Option<&str>) -> Location {
    let uri = utf8_percent_encode(place.path.as_str(), PATH).to_string();
    Location {
        id: None,
        physical_location: PhysicalLocation {
            artifact_location: ArtifactLocation { uri, uri_base_id: "%SRCROOT%" },
            region: Region {
                start_line: place.start.line,
                start_column: place.start.column,
                end_line: place.end.line,
                end_column: place.end.column,
            },
        },
        message: message.map(|message| Message { text: plain(message) }),
    }
}

fn notifications(report: &Report) -> Vec<Notification<'_>> {
    let one = |id, level, message: &str, place: &Place| Notification {
        descriptor: Descriptor { id },
        level,
        message: Text { text: plain(message) },
        locations: if place.real { vec![location(place, None)] } else { Vec::new() },
    };
    let errors = report.errors.iter().map(|error| one(error.what.code, "error", &error.what.message, &error.place));
    let open = report.undecided.iter().map(|open| one(open.what.check, "warning", &open.what.message, &open.place));
    let notes = report.notes.iter().map(|note| one(note.what.code, "note", &note.what.message, &note.place));
    errors.chain(open).chain(notes).collect()
}
