//! The report for a person at a terminal.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Group, Level, Renderer};
use anstream::adapter::strip_str;

use super::json::ResourceLine;
use super::shown::{disarm, line, lines, mask_keys};
use super::snippet::{Mark, snippets};
use super::{Item, Placed, Report};
use crate::finding::{Confidence, Diagnostic, Severity, Witness};

/// How many notes of one kind are shown before the rest is only counted.
const NOTES_OF_A_KIND: usize = 3;

/// How many instances or projects are named before the rest is only counted.
const NAMES: usize = 10;

/// How the report looks.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// With colours.
    pub colors: bool,
    /// The width of the terminal, in columns.
    pub width: usize,
    /// Findings and errors only.
    pub quiet: bool,
    /// All notes.
    pub verbose: bool,
}

impl Default for Style {
    fn default() -> Self {
        Self { colors: false, width: 140, quiet: false, verbose: false }
    }
}

/// The whole report as text.
pub fn render(report: &Report, style: Style) -> String {
    let mut page = Page::new(style);
    for item in &report.findings {
        page.add(&finding(item, report));
    }
    if !style.quiet {
        for open in &report.undecided {
            let mut groups = message(Level::WARNING.with_name("undecided"), open.what.check, &open.what.message);
            let missing: Vec<String> = open.what.missing.iter().map(|name| format!("`{}`", line(name))).collect();
            let mark = Mark::primary(&open.place, "");
            groups = groups.elements(snippets(&report.texts, &[mark]));
            if !missing.is_empty() {
                groups = groups.element(Level::NOTE.with_name("missing").message(missing.join(", ")));
            }
            page.add(&groups);
        }
    }
    for error in &report.errors {
        page.diagnostic(error, Level::ERROR, report);
    }
    if !style.quiet {
        notes(report, style, &mut page);
        page.text.push_str(&pages(report));
    }
    page.text.push_str(&summary(report));
    mask_keys(&disarm(&page.text))
}

/// `rootlint resources` for a person: each resource with what is set of its attributes, then the errors.
pub fn resources(rows: &[ResourceLine<'_>], report: &Report, style: Style) -> String {
    let mut page = Page::new(style);
    for row in rows {
        let place = format!("{}:{}:{}", row.place.path, row.place.start.line, row.place.start.column);
        let mode = if row.mode == "data" { ", only read" } else { "" };
        page.text.push_str(&format!("{}  ({}{mode})  {}\n", line(row.address), line(row.kind), line(&place)));
        if let Some(condition) = &row.condition {
            page.text.push_str(&format!("    exists only if: {}\n", line(condition)));
        }
        for (name, value) in row.attributes.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null()) {
            page.text.push_str(&format!("    {} = {}\n", line(name), line(&value.to_string())));
        }
        page.text.push('\n');
    }
    for error in &report.errors {
        page.diagnostic(error, Level::ERROR, report);
    }
    let count = plural(rows.len(), "resource", "resources");
    page.text.push_str(&format!("{count}, {}.\n", plural(report.errors.len(), "error", "errors")));
    disarm(&page.text)
}

/// A text in the making.
pub(super) struct Page {
    renderer: Renderer,
    pub(super) text: String,
}

impl Page {
    pub(super) fn new(style: Style) -> Self {
        let renderer = if style.colors { Renderer::styled() } else { Renderer::plain() };
        Self { renderer: renderer.decor_style(DecorStyle::Ascii).term_width(style.width), text: String::new() }
    }

    pub(super) fn add(&mut self, group: &Group<'_>) {
        let text = self.renderer.render(std::slice::from_ref(group));
        for line in text.lines() {
            // The renderer announces a snippet without a path by an empty origin.
            let empty_origin = line.contains(":::") && strip_str(line).to_string().trim() == ":::";
            if !empty_origin {
                self.text.push_str(line);
                self.text.push('\n');
            }
        }
        self.text.push('\n');
    }

    fn diagnostic(&mut self, diagnostic: &Placed<Diagnostic>, level: Level<'static>, report: &Report) {
        let group = message(level, diagnostic.what.code, &diagnostic.what.message);
        let mark = Mark::primary(&diagnostic.place, "");
        self.add(&group.elements(snippets(&report.texts, &[mark])));
    }
}

/// A title, and what follows its first line as a note: a title is one line.
fn message<'a>(level: Level<'a>, id: &str, text: &str) -> Group<'a> {
    let (title, rest) = text.split_once('\n').unwrap_or((text, ""));
    let group = Group::with_title(level.primary_title(line(title)).id(line(id)));
    if rest.trim().is_empty() { group } else { group.element(Level::NOTE.message(lines(rest.trim_end()))) }
}

fn severity_level(severity: Severity) -> Level<'static> {
    let level = match severity {
        Severity::Critical | Severity::High => Level::ERROR,
        Severity::Medium => Level::WARNING,
        Severity::Low => Level::NOTE,
        Severity::Info => Level::INFO,
    };
    level.with_name(severity.name())
}

fn finding<'a>(item: &Item, report: &Report) -> Group<'a> {
    let finding = &item.finding;
    let (title, rest) = finding.message.split_once('\n').unwrap_or((&finding.message, ""));
    let mut marks = vec![Mark::primary(&item.place, &finding.label)];
    marks.extend(item.related.iter().map(|(message, place)| Mark::related(place, message)));
    let mut group = Group::with_title(severity_level(finding.severity).primary_title(line(title)).id(finding.check))
        .elements(snippets(&report.texts, &marks));
    if !rest.trim().is_empty() {
        group = group.element(Level::NOTE.message(lines(rest.trim_end())));
    }
    group = group.element(Level::NOTE.with_name("confidence").message(confidence(item)));
    if finding.instances.len() > 1 {
        group = group.element(Level::NOTE.with_name("instances").message(names(&finding.instances)));
    }
    if finding.projects.len() > 1 {
        group = group.element(Level::NOTE.with_name("projects").message(names(&finding.projects)));
    }
    if let Some(witness) = &finding.witness {
        group = group.element(Level::NOTE.with_name("gets through").message(request(witness)));
    }
    if !finding.help.is_empty() {
        group = group.element(Level::HELP.message(lines(finding.help.trim_end())));
    }
    group
}

fn confidence(item: &Item) -> String {
    let finding = &item.finding;
    let unknown: Vec<String> = finding.missing.iter().map(|name| format!("`{}`", line(name))).collect();
    match (finding.confidence, unknown.is_empty()) {
        (Confidence::Certain, _) => "certain".to_owned(),
        (Confidence::Possible, true) => "possible".to_owned(),
        (Confidence::Possible, false) => format!("possible; it rests on what is not known: {}", unknown.join(", ")),
    }
}

fn names(names: &[std::sync::Arc<str>]) -> String {
    let mut shown: Vec<String> = names.iter().take(NAMES).map(|name| line(name)).collect();
    if names.len() > NAMES {
        shown.push(format!("and {} more", names.len() - NAMES));
    }
    shown.join(", ")
}

pub(super) fn request(witness: &Witness) -> String {
    if !witness.text.is_empty() {
        // The words hold what matters of the context; JSON has all of it.
        return lines(&witness.text);
    }
    let account = witness.account.as_deref().unwrap_or("any account");
    let context = witness.context.iter().map(|(key, value)| format!(", {} = {}", line(key), line(value)));
    format!("root of {}{}", line(account), context.collect::<String>())
}

fn notes(report: &Report, style: Style, page: &mut Page) {
    let mut shown: Vec<(&str, usize)> = Vec::new();
    for note in &report.notes {
        let index = match shown.iter().position(|(code, _)| *code == note.what.code) {
            Some(index) => index,
            None => {
                shown.push((note.what.code, 0));
                shown.len() - 1
            }
        };
        let Some((_, count)) = shown.get_mut(index) else { continue };
        *count += 1;
        if style.verbose || *count <= NOTES_OF_A_KIND {
            page.diagnostic(note, Level::NOTE, report);
        }
    }
    for (code, count) in shown {
        if !style.verbose && count > NOTES_OF_A_KIND {
            let text = format!("{} more notes like these (-v shows all)", count - NOTES_OF_A_KIND);
            page.add(&message(Level::NOTE, code, &text));
        }
    }
}

/// Where to read more about the checks met.
fn pages(report: &Report) -> String {
    let mut checks: Vec<&str> = report.findings.iter().map(|item| item.finding.check).collect();
    checks.sort_unstable();
    checks.dedup();
    match checks.split_first() {
        None => String::new(),
        Some((first, [])) => format!("`rootlint explain {first}` says more.\n"),
        Some((first, others)) => format!("`rootlint explain {first}` says more; so do {}.\n", others.join(", ")),
    }
}

fn plural(count: usize, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}

/// The last line: what was found in how much.
fn summary(report: &Report) -> String {
    let by_severity: Vec<String> = Severity::ALL
        .iter()
        .map(|severity| (severity.name(), report.count(*severity)))
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| format!("{count} {name}"))
        .collect();
    let mut text = match report.findings.len() {
        0 => "No findings".to_owned(),
        count => format!("{}: {}", plural(count, "finding", "findings"), by_severity.join(", ")),
    };
    for (count, one, many) in [
        (report.undecided.len(), "undecided", "undecided"),
        (report.errors.len(), "error", "errors"),
        (report.notes.len(), "note", "notes"),
    ] {
        if count > 0 {
            text.push_str("; ");
            text.push_str(&plural(count, one, many));
        }
    }
    let counts = &report.counts;
    text.push_str(&format!(
        " in {} ({}, {})",
        plural(counts.projects, "project", "projects"),
        plural(counts.files, "file", "files"),
        plural(counts.resources, "resource", "resources")
    ));
    if counts.ignored > 0 {
        text.push_str(&format!(", {} ignored", plural(counts.ignored, "file", "files")));
    }
    text.push_str(".\n");
    if !report.is_complete() {
        text.push_str(&format!("Incomplete: {}.\n", report.incomplete.join("; ")));
    }
    text
}
