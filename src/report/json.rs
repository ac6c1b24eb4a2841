//! The JSON report: a contract (`version` 1) that may be added to and never changed.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::Arc;

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value as Json, json};

use super::place::Location;
use super::shown::{Safe, disarm_json, mask_keys};
use super::{Item, Mending, Placed, Report, Rule, State, sort_key};
use crate::finding::{Confidence, Diagnostic, Severity, Witness};

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    tool: Tool,
    findings: Written<'a>,
    undecided: Vec<JsonUndecided<'a>>,
    errors: Vec<JsonDiagnostic<'a>>,
    notes: Vec<JsonDiagnostic<'a>>,
    #[serde(skip_serializing_if = "Written::is_empty")]
    fixed: Written<'a>,
    summary: Summary,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

/// Findings, of which each is made when it is written: there may be hundreds of thousands.
struct Written<'a> {
    items: Vec<&'a Item>,
    controls: &'a HashMap<*const Rule, Box<RawValue>>,
}

impl Written<'_> {
    fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.items.iter().map(|item| finding(item, self.controls)))
    }
}

/// The controls of a check: some kilobytes that all of its findings share, so that they are put into words once.
#[derive(Serialize)]
#[serde(untagged)]
enum Controls<'a> {
    InWords(&'a RawValue),
    Listed(&'a BTreeMap<String, Vec<String>>),
}

/// How far the controls of a finding are indented.
const INDENT: &str = "      ";

fn controls(rule: &Rule) -> Option<Box<RawValue>> {
    let text = serde_json::to_string_pretty(rule.frameworks()).ok()?;
    RawValue::from_string(text.replace('\n', &format!("\n{INDENT}"))).ok()
}

#[derive(Serialize)]
struct JsonFinding<'a> {
    check: &'a str,
    severity: Severity,
    confidence: Confidence,
    message: String,
    resource: &'a str,
    instances: Vec<&'a str>,
    projects: Vec<&'a str>,
    location: Location<'a>,
    related: Vec<JsonRelated<'a>>,
    witness: Option<&'a Witness>,
    frameworks: Controls<'a>,
    help: &'a str,
    url: &'a str,
    fingerprint: &'a str,
    waived: Option<JsonWaived<'a>>,
    state: Option<State>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<JsonFix<'a>>,
}

/// What would make a finding go away; without edits, why nothing does by itself.
#[derive(Serialize)]
struct JsonFix<'a> {
    available: bool,
    message: &'a str,
    edits: Vec<JsonEdit<'a>>,
}

#[derive(Serialize)]
struct JsonEdit<'a> {
    location: Location<'a>,
    text: &'a str,
}

#[derive(Serialize)]
struct JsonWaived<'a> {
    reason: &'a str,
    owner: Option<&'a str>,
    until: Option<&'a str>,
    location: Location<'a>,
}

#[derive(Serialize)]
struct JsonRelated<'a> {
    message: &'a str,
    location: Location<'a>,
}

#[derive(Serialize)]
struct JsonUndecided<'a> {
    check: &'a str,
    message: &'a str,
    missing: Vec<&'a str>,
    location: Location<'a>,
}

/// An error or a note in JSON.
#[derive(Debug, Serialize)]
pub struct JsonDiagnostic<'a> {
    code: &'a str,
    message: &'a str,
    location: Location<'a>,
}

#[derive(Serialize)]
struct Summary {
    files: usize,
    ignored: usize,
    projects: usize,
    resources: usize,
    findings: Map<String, Json>,
    undecided: usize,
    waived: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    new: Option<usize>,
    baseline: usize,
    complete: bool,
}

/// The report as one JSON document with a line feed at its end.
pub fn render(report: &Report) -> String {
    let mut text = Vec::new();
    // Serializing structs of strings and numbers into memory does not fail.
    let _ = write(report, &mut text);
    String::from_utf8(text).unwrap_or_default()
}

/// Writes the same as it is made.
///
/// # Errors
/// What `out` says.
pub fn write(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let mut all: Vec<&Item> = report.findings.iter().chain(&report.waived).collect();
    all.sort_by(|a, b| sort_key(a).cmp(&sort_key(b)));
    let count = |severity| report.findings.iter().filter(|item| item.finding.severity == severity).count();
    let mut words = HashMap::new();
    for item in all.iter().copied().chain(&report.mended) {
        let rule = &item.rule;
        if !words.contains_key(&Arc::as_ptr(rule))
            && let Some(controls) = controls(rule)
        {
            words.insert(Arc::as_ptr(rule), controls);
        }
    }
    let document = Document {
        version: 1,
        tool: Tool { name: "rootlint", version: env!("CARGO_PKG_VERSION") },
        findings: Written { items: all, controls: &words },
        undecided: report
            .undecided
            .iter()
            .map(|open| JsonUndecided {
                check: &open.what.check,
                message: &open.what.message,
                missing: open.what.missing.iter().map(|missing| &**missing).collect(),
                location: open.place.location(),
            })
            .collect(),
        errors: report.errors.iter().map(diagnostic).collect(),
        notes: report.notes.iter().map(diagnostic).collect(),
        fixed: Written { items: report.mended.iter().collect(), controls: &words },
        summary: Summary {
            files: report.counts.files,
            ignored: report.counts.ignored,
            projects: report.counts.projects,
            resources: report.counts.resources,
            findings: Severity::ALL
                .iter()
                .map(|severity| (severity.name().to_owned(), json!(count(*severity))))
                .collect(),
            undecided: report.undecided.len(),
            waived: report.waived.len(),
            new: report.tells_new().then(|| report.shown().count()),
            baseline: report.in_baseline,
            complete: report.is_complete(),
        },
    };
    let mut safe = Safe::new(out);
    serde_json::to_writer_pretty(&mut safe, &document)?;
    io::Write::write_all(&mut safe, b"\n")?;
    safe.finish()
}

/// Any document as indented JSON in which nothing is a key or a command to a runner.
pub fn text(document: &impl Serialize) -> String {
    // Serializing structs of strings and numbers into a string does not fail.
    let mut text = serde_json::to_string_pretty(document).unwrap_or_default();
    text.push('\n');
    mask_keys(&disarm_json(&text))
}

fn finding<'a>(item: &'a Item, controls: &'a HashMap<*const Rule, Box<RawValue>>) -> JsonFinding<'a> {
    let finding = &item.finding;
    JsonFinding {
        check: &finding.check,
        severity: finding.severity,
        confidence: finding.confidence,
        message: item.message(),
        resource: &finding.resource,
        instances: finding.instances.iter().map(|instance| &**instance).collect(),
        projects: finding.projects.iter().map(|project| &**project).collect(),
        location: item.place.location(),
        related: item
            .related
            .iter()
            .map(|(message, place)| JsonRelated { message, location: place.location() })
            .collect(),
        witness: finding.witness.as_ref(),
        frameworks: match controls.get(&Arc::as_ptr(&item.rule)) {
            Some(words) => Controls::InWords(words),
            None => Controls::Listed(item.rule.frameworks()),
        },
        help: &finding.help,
        url: &item.rule.about().url,
        fingerprint: &item.fingerprint,
        waived: finding.waived.as_ref().zip(item.waiver.as_ref()).map(|(waived, place)| JsonWaived {
            reason: &waived.reason,
            owner: waived.owner.as_deref(),
            until: waived.until.as_deref(),
            location: place.location(),
        }),
        state: item.state,
        fix: item.mending.as_ref().map(|mending| match mending {
            Mending::Edits(message, edits) => {
                let edits = edits.iter().map(|(place, text)| JsonEdit { location: place.location(), text });
                JsonFix { available: true, message, edits: edits.collect() }
            }
            Mending::Refused(why) => JsonFix { available: false, message: why, edits: Vec::new() },
        }),
    }
}

fn diagnostic(placed: &Placed<Diagnostic>) -> JsonDiagnostic<'_> {
    JsonDiagnostic { code: placed.what.code, message: &placed.what.message, location: placed.place.location() }
}

/// One resource of `rootlint resources`.
#[derive(Debug)]
pub struct ResourceLine<'a> {
    /// The instance's address.
    pub address: &'a str,
    /// The resource's type.
    pub kind: &'a str,
    /// `managed` or `data`.
    pub mode: &'static str,
    /// The project's path.
    pub project: &'a str,
    /// `certain` or `possible`.
    pub presence: &'static str,
    /// On what it depends whether the resource exists.
    pub condition: Option<String>,
    /// Where it is declared.
    pub place: super::Place,
    /// All attributes.
    pub attributes: Json,
    /// Which of them are sensitive.
    pub sensitive: Vec<String>,
}

/// `rootlint resources --format json`. Prints values as Terraform's plan does: nothing is masked.
pub fn resources(rows: &[ResourceLine<'_>], report: &Report) -> String {
    #[derive(Serialize)]
    struct Row<'a> {
        address: &'a str,
        #[serde(rename = "type")]
        kind: &'a str,
        mode: &'a str,
        project: &'a str,
        presence: &'a str,
        condition: Option<&'a str>,
        location: Location<'a>,
        attributes: &'a Json,
        sensitive: &'a [String],
    }
    #[derive(Serialize)]
    struct Rows<'a> {
        version: u32,
        resources: Vec<Row<'a>>,
        errors: Vec<JsonDiagnostic<'a>>,
    }
    let resources = rows
        .iter()
        .map(|row| Row {
            address: row.address,
            kind: row.kind,
            mode: row.mode,
            project: row.project,
            presence: row.presence,
            condition: row.condition.as_deref(),
            location: row.place.location(),
            attributes: &row.attributes,
            sensitive: &row.sensitive,
        })
        .collect();
    let errors = report.errors.iter().map(diagnostic).collect();
    let document = Rows { version: 1, resources, errors };
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    disarm_json(&text).into_owned()
}
