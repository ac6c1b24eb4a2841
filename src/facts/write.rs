//! Writes the facts of one repository.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use crate::aws::access_key::AccessKey;
use crate::aws::{Facts, Settings};
use crate::files::Files;
use crate::finding::Findings;
use crate::report::masked::Secrets;
use crate::report::shown::mask_keys;
use crate::resource::Mode;
use crate::source::Sources;

use super::encode::{Encoder, Places};
use super::recorded::{Record, Recorded};
use super::states::Told;
use super::{SCHEMA, rows, wire};

/// Whose facts they are.
#[derive(Clone, Debug)]
pub struct About {
    /// The repository: `github.com/acme/network`.
    pub repository: String,
    /// The commit that is checked out.
    pub commit: Option<String>,
    /// When it is scanned.
    pub time: Timestamp,
}

/// The lines, each with a line feed. `found` is what the scan declares, and what that rests on.
pub fn write(
    about: &About,
    (facts, recorded): (&[Facts], &[Record]),
    settings: &Settings,
    findings: &Findings,
    (sources, files): (&Sources, &dyn Files),
) -> String {
    let mut places = Places::new(sources, files);
    let secrets = Secrets::new(&findings.secrets);
    let mut bodies: Vec<(&'static str, String)> = Vec::new();
    for (facts, recorded) in facts.iter().zip(recorded) {
        for (n, resource) in recorded.resources.iter().enumerate() {
            let kind = if resource.module.is_some() { "module" } else { "resource" };
            bodies.push((kind, body(&of_resource(n, resource, &mut places))));
        }
        for (n, key) in facts.keys.iter().filter(|key| key.by_script).enumerate() {
            bodies.push(("script-key", body(&of_key(n, key, &mut places))));
        }
        if let Some(told) = &recorded.told {
            bodies.push(("state", body(&of_states(&facts.project, told, &mut places))));
        }
    }
    for (kind, row) in rows::rows((&about.repository, about.time), facts, settings, &mut places) {
        let mut row = body(&row);
        secrets.mask(&mut row);
        bodies.push((kind, row));
    }
    let mut errors: Vec<wire::Problem> = findings
        .errors
        .iter()
        .map(|error| {
            let (path, line) = places.path_and_line(error.span);
            wire::Problem { code: error.code.to_owned(), path, line }
        })
        .collect();
    errors.sort_by(|a, b| (&a.path, a.line, &a.code).cmp(&(&b.path, b.line, &b.code)));
    errors.dedup_by(|a, b| (&a.path, a.line, &a.code) == (&b.path, b.line, &b.code));
    // A line that is there twice says nothing new, and is joined into one.
    let mut seen = std::collections::HashSet::new();
    bodies.retain(|body| seen.insert(body.clone()));
    let mut header = wire::Header {
        kind: "repository".to_owned(),
        schema: SCHEMA,
        scan: String::new(),
        repository: about.repository.clone(),
        commit: about.commit.clone(),
        // Whole seconds are in the same order as text as they are as time, and every engine reads them.
        time: Timestamp::from_second(about.time.as_second()).unwrap_or(about.time).to_string(),
        tool: format!("rootlint {}", env!("CARGO_PKG_VERSION")),
        projects: facts.len(),
        lines: bodies.len(),
        errors,
    };
    header.scan = digest(&header, &bodies);
    let mut text = body(&header);
    text.push('\n');
    let commit = json!(about.commit);
    let (scan, repository) = (json!(header.scan), json!(about.repository));
    for (kind, body) in &bodies {
        // The body is an object: what every line says goes before it.
        let rest = body.strip_prefix('{').unwrap_or(body);
        let comma = if rest == "}" { "" } else { "," };
        let head = format!("{{\"kind\":\"{kind}\",\"scan\":{scan},\"repository\":{repository},\"commit\":{commit}");
        text.push_str(&head);
        text.push_str(comma);
        text.push_str(rest);
        text.push('\n');
    }
    text
}

/// What a line says, as JSON without keys' ids. Serializing strings and numbers into a string does not fail.
fn body(said: &impl Serialize) -> String {
    mask_keys(&serde_json::to_string(said).unwrap_or_default())
}

fn digest(header: &wire::Header, bodies: &[(&'static str, String)]) -> String {
    let mut hash = Sha256::new();
    hash.update(body(header));
    for (kind, body) in bodies {
        hash.update([b'\n']);
        hash.update(kind);
        hash.update(body);
    }
    let mut text = String::new();
    for byte in hash.finalize().iter().take(8) {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn of_resource(n: usize, resource: &Recorded, places: &mut Places<'_>) -> wire::Declared {
    let mut encoder = Encoder::new(places);
    let mut line = encoder.site(&resource.site);
    line.n = n;
    line.data = resource.mode == Mode::Data;
    line.provider = encoder.provider(&resource.provider);
    let triggers = resource.meta.replace_triggered_by.iter();
    line.replace_triggered_by = triggers.map(|(address, span)| (address.to_string(), encoder.span(*span))).collect();
    let references = resource.meta.references.iter();
    line.references = references
        .map(|known| (known.argument.to_string(), known.target.to_string(), encoder.span(known.span)))
        .collect();
    if let Some((source, version)) = &resource.module {
        line.source = Some(source.to_string());
        line.version = encoder.value(version);
    }
    let attributes = resource.attributes.iter();
    line.attributes = attributes.map(|(name, value)| (name.clone(), encoder.value(value))).collect();
    line.files = encoder.files();
    line
}

/// A key that a program makes.
fn of_key(n: usize, key: &AccessKey, places: &mut Places<'_>) -> wire::Declared {
    let mut encoder = Encoder::new(places);
    let mut line = encoder.site(&key.site);
    line.n = n;
    line.account = key.account.as_ref().map(ToString::to_string);
    line.attributes.insert("user".to_owned(), encoder.value(&key.user));
    line.attributes.insert("status".to_owned(), encoder.value(&key.status));
    line.files = encoder.files();
    line
}

/// The states of a project.
fn of_states(project: &str, told: &Told, places: &mut Places<'_>) -> wire::State {
    let mut encoder = Encoder::new(places);
    let outputs = told.outputs.iter().map(|(name, value)| (name.to_string(), encoder.value(value))).collect();
    let reads = told.states.reads.iter().map(|(address, state)| (address.to_string(), state.clone())).collect();
    let (project, state) = (project.to_owned(), told.states.keeps.clone());
    wire::State { project, state, files: encoder.files(), outputs, reads }
}

/// A line in columns.
pub(super) type Row = (&'static str, Json);
