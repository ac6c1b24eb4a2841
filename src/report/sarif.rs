//! SARIF 2.1.0, within what GitHub's code scanning takes.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use self::log::{
    Artifact, ArtifactChange, ArtifactLocation, AutomationDetails, Base, CodeFlow, Configuration, Descriptor, Driver,
    Fix, Help, Invocation, Location, Log, Message, Notification, PhysicalLocation, Region, Replacement,
    ResultProperties, RuleProperties, Run, SarifResult, SarifRule, Suppression, Text, ThreadFlow, ThreadFlowLocation,
    Tool,
};
use super::limits::{SARIF_COMPRESSED_BYTES, SARIF_DESCRIPTION, SARIF_PLACES, SARIF_RESULTS, SARIF_TAGS};
use super::place::Place;
use super::shown::cut;
use super::{Item, Mending, Report, Rule, State, json, sort_key};
use crate::finding::Severity;
use crate::frameworks;

mod log;

/// What stands for the root of the repository.
const SOURCE_ROOT: &str = "%SRCROOT%";

/// Related places that a message links to: the alert lists all.
const LINKS: usize = 10;

/// Characters of a link.
const LINK: usize = 100;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// What may stand in a path of a URI as it is: no colon, so that no first part of a path is taken for a scheme.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What a log may hold.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Results.
    pub results: usize,
    /// Bytes, compressed.
    pub compressed_bytes: usize,
}

/// What GitHub's code scanning takes.
pub const GITHUB: Limits = Limits { results: SARIF_RESULTS, compressed_bytes: SARIF_COMPRESSED_BYTES };

/// What a log is to be like.
#[derive(Clone, Copy, Debug)]
pub struct Style<'a> {
    /// What tells apart several analyses of one commit.
    pub category: &'a str,
    /// With waived findings. GitHub does not read `suppressions`: it would open alerts for them.
    pub waived: bool,
}

impl Default for Style<'_> {
    fn default() -> Self {
        Self { category: "rootlint", waived: false }
    }
}

/// The report as one SARIF log with a line feed at its end, within what GitHub takes.
pub fn render(report: &Report, style: Style<'_>) -> String {
    render_within(report, style, GITHUB)
}

/// The same within other limits: the worst results, and a notification that says how many are missing.
pub fn render_within(report: &Report, style: Style<'_>, limits: Limits) -> String {
    let mut all: Vec<&Item> = report.findings.iter().collect();
    if style.waived {
        all.extend(&report.waived);
        all.sort_by(|a, b| sort_key(a).cmp(&sort_key(b)));
    }
    let mut results = limits.results;
    loop {
        let log = render_at_most(&all, report, style, results);
        // Compressing never makes a text much longer: a short one need not be tried.
        if log.len() <= limits.compressed_bytes || results == 0 || compressed_len(&log) <= limits.compressed_bytes {
            return log;
        }
        results = results.min(all.len()) / 2;
    }
}

/// How long a text is once compressed as the upload compresses it.
fn compressed_len(text: &str) -> usize {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    // Writing to memory does not fail.
    let _ = encoder.write_all(text.as_bytes());
    encoder.finish().map_or(0, |compressed| compressed.len())
}

fn render_at_most(all: &[&Item], report: &Report, style: Style<'_>, limit: usize) -> String {
    let mut rules: Vec<&Rule> = report.rules.iter().map(|rule| &**rule).collect();
    for item in all {
        if !rules.iter().any(|rule| rule.id == item.rule.id) {
            rules.push(&item.rule);
        }
    }
    rules.sort_by(|a, b| a.id.cmp(&b.id));
    let kept = worst(all, limit);
    let results: Vec<SarifResult<'_>> = kept.iter().map(|item| result(item, &rules)).collect();
    let mut notifications = notifications(report);
    if kept.len() < all.len() {
        let message = format!("{} of {} findings are listed here, the worst ones", kept.len(), all.len());
        notifications.push(left_out("findings-left-out", message));
    }
    let cut = kept.iter().filter(|item| item.related.len() > SARIF_PLACES).count();
    if cut > 0 {
        let message = format!("{cut} findings have more places than {SARIF_PLACES}: the first ones are listed");
        notifications.push(left_out("places-left-out", message));
    }
    let base = Base { description: Text { text: "the root of the repository".to_owned() } };
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
            // The part before the last slash is the category; without a slash GitHub takes it all for a run's id.
            automation_details: AutomationDetails { id: format!("{}/", style.category) },
            original_uri_base_ids: BTreeMap::from([(SOURCE_ROOT, base)]),
            artifacts: artifacts(&results, &notifications),
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

/// The files that anything points into.
fn artifacts(results: &[SarifResult<'_>], notifications: &[Notification<'_>]) -> Vec<Artifact> {
    let flows = results.iter().flat_map(|result| &result.code_flows).flat_map(|flow| &flow.thread_flows);
    let flows = flows.flat_map(|flow| &flow.locations).map(|step| &step.location);
    let all = results.iter().flat_map(|result| result.locations.iter().chain(&result.related_locations)).chain(flows);
    let all = all.chain(notifications.iter().flat_map(|notification| &notification.locations));
    let uris: BTreeSet<&str> = all.map(|location| &*location.physical_location.artifact_location.uri).collect();
    let artifact = |uri: &str| Artifact { location: artifact_location(uri.to_owned()) };
    uris.into_iter().map(artifact).collect()
}

fn left_out(id: &'static str, text: String) -> Notification<'static> {
    Notification { descriptor: Descriptor { id }, level: "warning", message: Text { text }, locations: Vec::new() }
}

/// As many findings as there may be, the worst ones, in their order.
fn worst<'a>(items: &[&'a Item], limit: usize) -> Vec<&'a Item> {
    let mut kept: Vec<(usize, &Item)> = items.iter().copied().enumerate().collect();
    if kept.len() > limit {
        kept.sort_by_key(|(index, item)| (std::cmp::Reverse(item.finding.severity), *index));
        kept.truncate(limit);
        kept.sort_by_key(|(index, _)| *index);
    }
    kept.into_iter().map(|(_, item)| item).collect()
}

fn sarif_rule(rule: &Rule) -> SarifRule<'_> {
    let about = rule.about();
    let title = if about.title.is_empty() { &rule.id } else { &about.title };
    let page = if about.page.trim().is_empty() { title } else { &about.page };
    let severity = about.severity.unwrap_or(Severity::Medium);
    let mut tags = vec!["security".to_owned()];
    tags.extend(frameworks::tags(rule.frameworks()));
    tags.truncate(SARIF_TAGS);
    SarifRule {
        id: &rule.id,
        short_description: Text { text: cut(title, SARIF_DESCRIPTION) },
        full_description: Text { text: cut(first_paragraph(page).unwrap_or(title), SARIF_DESCRIPTION) },
        help: Help { text: page, markdown: page },
        help_uri: Some(about.url.as_str()).filter(|url| !url.is_empty()),
        default_configuration: Configuration { level: level(severity) },
        properties: RuleProperties {
            precision: "high",
            security_severity: band(severity),
            tags,
            frameworks: rule.frameworks(),
        },
    }
}

/// The first paragraph that is no heading.
fn first_paragraph(page: &str) -> Option<&str> {
    page.split("\n\n").map(str::trim).find(|part| !part.is_empty() && !part.starts_with('#'))
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
    let primary = location(item.real_place(), None);
    let related_locations = related
        .iter()
        .take(SARIF_PLACES)
        .enumerate()
        .map(|(index, (message, place))| Location { id: Some(index + 1), ..location(place, Some(message)) })
        .collect();
    let mut partial_fingerprints = BTreeMap::from([("rootlint/v1", item.fingerprint.clone())]);
    if item.rule.about().absence {
        // The place of what is missing may move to another file: only our own line hash keeps the alert the same.
        // For everything else GitHub makes a better one from the lines themselves.
        partial_fingerprints.insert("primaryLocationLineHash", item.fingerprint.clone());
    }
    SarifResult {
        rule_id: &item.rule.id,
        rule_index: rules.iter().position(|rule| rule.id == item.rule.id),
        level: level(finding.severity),
        message: Text { text: linked(&item.message(), &related) },
        code_flows: code_flow(item, &primary),
        locations: [primary],
        related_locations,
        partial_fingerprints,
        baseline_state: item.state.map(|state| match state {
            State::New => "new",
            State::Existing => "unchanged",
        }),
        suppressions: finding.waived.iter().map(|waived| Suppression::of(&waived.reason)).collect(),
        fixes: item.mending.iter().filter_map(fix).collect(),
        properties: ResultProperties {
            severity: finding.severity,
            confidence: finding.confidence,
            resource: &finding.resource,
        },
    }
}

/// A change as replacements, file by file.
fn fix(mending: &Mending) -> Option<Fix> {
    let Mending::Edits(message, edits) = mending else { return None };
    let mut artifact_changes: Vec<ArtifactChange> = Vec::new();
    for (place, text) in edits {
        let Location { physical_location, .. } = location(place, None);
        let replacement =
            Replacement { deleted_region: physical_location.region, inserted_content: Text { text: text.clone() } };
        let uri = &physical_location.artifact_location.uri;
        match artifact_changes.iter_mut().find(|change| change.artifact_location.uri == *uri) {
            Some(change) => change.replacements.push(replacement),
            None => artifact_changes.push(ArtifactChange {
                artifact_location: physical_location.artifact_location,
                replacements: vec![replacement],
            }),
        }
    }
    Some(Fix { description: Text { text: plain(message) }, artifact_changes })
}

/// The message, and where its related places are: GitHub makes links of the numbers.
fn linked(message: &str, related: &[&(String, Place)]) -> String {
    let mut text = plain(message);
    let links: Vec<String> = related
        .iter()
        .take(LINKS)
        .enumerate()
        .map(|(index, (message, _))| format!("[{}]({})", link(message), index + 1))
        .collect();
    if !links.is_empty() {
        let more = if related.len() > LINKS { format!(" (and {} more)", related.len() - LINKS) } else { String::new() };
        text.push_str(&format!("\nSee: {}{more}.", links.join("; ")));
    }
    text
}

/// A link's text: brackets would end it.
fn link(text: &str) -> String {
    let text = cut(text, LINK);
    text.replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]").replace('\n', " ")
}

/// The way of the value in the direction it took: from where it is written, step by step.
fn code_flow(item: &Item, primary: &Location) -> Vec<CodeFlow> {
    let Some((steps, own)) = item.steps() else { return Vec::new() };
    let label = if item.finding.label.is_empty() { "here" } else { &item.finding.label };
    let here = Location { message: Some(Message { text: plain(label) }), ..primary.clone() };
    let places = steps.iter().zip(&item.related).filter(|(_, (_, place))| place.real);
    let mut way: Vec<(usize, Location)> =
        places.filter_map(|(step, (message, place))| Some(((*step)?, location(place, Some(message))))).collect();
    way.push((own, here));
    way.sort_by_key(|(step, _)| *step);
    // What is cut is told by whoever counts the places.
    let locations = way.into_iter().take(SARIF_PLACES).map(|(_, location)| ThreadFlowLocation { location }).collect();
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
            artifact_location: artifact_location(uri),
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

fn artifact_location(uri: String) -> ArtifactLocation {
    ArtifactLocation { uri, uri_base_id: SOURCE_ROOT }
}

fn notifications(report: &Report) -> Vec<Notification<'_>> {
    let one = |id, level, message: &str, place: &Place| Notification {
        descriptor: Descriptor { id },
        level,
        message: Text { text: plain(message) },
        locations: if place.real { vec![location(place, None)] } else { Vec::new() },
    };
    let errors = report.errors.iter().map(|error| one(error.what.code, "error", &error.what.message, &error.place));
    let open = report.undecided.iter().map(|open| one(&open.what.check, "warning", &open.what.message, &open.place));
    let notes = report.notes.iter().map(|note| one(note.what.code, "note", &note.what.message, &note.place));
    errors.chain(open).chain(notes).collect()
}
