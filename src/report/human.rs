//! The report for a person at a terminal.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Group, Level, Message, Renderer, Title};
use anstream::adapter::strip_str;

use super::json::ResourceLine;
use super::shown::{disarm, first_sentence, line, lines, mask_keys, wrap};
use super::snippet::{Mark, snippets};
use super::{Item, Placed, Report};
use crate::finding::{Confidence, Diagnostic, Severity, Undecided, Witness};
use crate::frameworks::tags;

/// Longer lines of text are hard to read.
const TEXT_WIDTH: usize = 110;

/// What stands before a text: line numbers, `= confidence: `.
const MARGIN: usize = 16;

/// How many notes of one kind are shown before the rest is only counted.
const NOTES_OF_A_KIND: usize = 3;

/// How many instances or projects are named before the rest is only counted.
const NAMES: usize = 10;

/// How many controls are named before the rest is only counted.
const CONTROLS: usize = 20;

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
    /// The controls that each finding's check answers.
    pub controls: bool,
}

impl Default for Style {
    fn default() -> Self {
        Self { colors: false, width: 140, quiet: false, verbose: false, controls: false }
    }
}

/// The whole report as text.
pub fn render(report: &Report, style: Style) -> String {
    let mut page = Page::new(style);
    for item in report.shown() {
        page.add(&finding(item, report, style));
    }
    if !style.quiet {
        report.undecided.iter().for_each(|open| page.undecided(open, report));
    }
    for error in &report.errors {
        page.diagnostic(error, Level::ERROR, report);
    }
    if !style.quiet {
        notes(report, style, &mut page);
        page.text.push_str(&pages(report));
    }
    page.text.push_str(&waived(report));
    page.text.push_str(&summary(report));
    mask_keys(&disarm(&page.text))
}

/// `rootlint resources` for a person: each resource with what is set of its attributes, then the errors.
pub fn resources(rows: &[ResourceLine<'_>], report: &Report, style: Style) -> String {
    let mut page = Page::new(style);
    for row in rows {
        let place = row.place.written();
        let mode = if row.mode == "data" { ", only read" } else { "" };
        page.text.push_str(&format!("{}  ({}{mode})  {}\n", line(row.address), line(row.kind), line(&place)));
        if let Some(condition) = &row.condition {
            page.text.push_str(&format!("    exists only if: {}\n", line(condition)));
        }
        let mut unknown = Vec::new();
        for (name, value) in row.attributes.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null()) {
            if value.get("$unknown").is_some() {
                unknown.push(line(name));
            } else {
                page.text.push_str(&format!("    {} = {}\n", line(name), line(&value.to_string())));
            }
        }
        if !unknown.is_empty() {
            page.text.push_str(&format!("    not known: {}\n", unknown.join(", ")));
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
    style: Style,
    renderer: Renderer,
    pub(super) text: String,
}

impl Page {
    pub(super) fn new(style: Style) -> Self {
        let renderer = if style.colors { Renderer::styled() } else { Renderer::plain() };
        Self { style, renderer: renderer.decor_style(DecorStyle::Ascii).term_width(style.width), text: String::new() }
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
        let (title, note) = message(level, diagnostic.what.code, &diagnostic.what.message, self.style);
        let mark = Mark::primary(&diagnostic.place, "");
        self.add(&title.elements(snippets(&report.texts, &[mark])).elements(note));
    }

    fn undecided(&mut self, open: &Placed<Undecided>, report: &Report) {
        let level = Level::WARNING.with_name("undecided");
        let (title, note) = message(level, &open.what.check, &open.what.message, self.style);
        let missing: Vec<String> = open.what.missing.iter().map(|name| format!("`{}`", line(name))).collect();
        let missing = Some(missing.join(", ")).filter(|missing| !missing.is_empty());
        let missing = missing.map(|missing| Level::NOTE.with_name("missing").message(paragraph(&missing, self.style)));
        let mark = Mark::primary(&open.place, "");
        self.add(&title.elements(snippets(&report.texts, &[mark])).elements(note).elements(missing));
    }
}

/// A title, which is one sentence, and what follows it as a note.
fn message<'a>(level: Level<'a>, id: &str, text: &str, style: Style) -> (Title<'a>, Option<Message<'a>>) {
    let (title, rest) = first_sentence(text);
    let note = Some(rest.trim()).filter(|rest| !rest.is_empty());
    (level.primary_title(line(title)).id(line(id)), note.map(|rest| Level::NOTE.message(paragraph(rest, style))))
}

/// Text beside `= help: `, in lines that fit.
pub(super) fn paragraph(text: &str, style: Style) -> String {
    wrap(&lines(text.trim_end()), style.width.min(TEXT_WIDTH).saturating_sub(MARGIN))
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

fn finding<'a>(item: &Item, report: &Report, style: Style) -> Group<'a> {
    let finding = &item.finding;
    let (title, note) = message(severity_level(finding.severity), &finding.check, &finding.message, style);
    let mut marks = vec![Mark::primary(&item.place, &finding.label)];
    marks.extend(item.related.iter().map(|(message, place)| Mark::related(place, message)));
    let mut group = title.elements(snippets(&report.texts, &marks)).elements(note);
    let mut say = |name: &'static str, text: &str| {
        let message = Level::NOTE.with_name(name).message(paragraph(text, style));
        let grown = std::mem::replace(&mut group, Group::with_level(Level::NOTE));
        group = grown.element(message);
    };
    say("confidence", &confidence(item));
    let controls = tags(&item.rule.frameworks);
    if style.controls && !controls.is_empty() {
        say("controls", &shortened(&controls));
    }
    if finding.instances.len() > 1 {
        say("instances", &names(&finding.instances));
    }
    if finding.projects.len() > 1 {
        say("projects", &names(&finding.projects));
    }
    if let Some(witness) = &finding.witness {
        say("gets through", &request(witness));
    }
    match finding.help.is_empty() {
        true => group,
        false => group.element(Level::HELP.message(paragraph(&finding.help, style))),
    }
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

fn shortened(controls: &[String]) -> String {
    let mut shown: Vec<String> = controls.iter().take(CONTROLS).map(|control| line(control)).collect();
    if controls.len() > CONTROLS {
        shown.push(format!("and {} more", controls.len() - CONTROLS));
    }
    shown.join(", ")
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
            page.add(&Group::with_title(Level::NOTE.primary_title(text).id(code)));
        }
    }
}

/// Every waiver that was used: what it waives, why, until when and who answers for it.
pub(super) fn waived(report: &Report) -> String {
    let mut text = String::new();
    for item in &report.waived {
        let (Some(waived), Some(place)) = (&item.finding.waived, &item.waiver) else { continue };
        let at = item.place.written();
        let until = waived.until.as_ref().map(|until| format!(", until {until}")).unwrap_or_default();
        let owner = waived.owner.as_ref().map(|owner| format!(", {owner}")).unwrap_or_default();
        let by = format!("{}:{}", place.path, place.start.line);
        let line = line(&format!("waived: {} at {at}: {}{until}{owner} ({by})", item.finding.check, waived.reason));
        text.push_str(&line);
        text.push('\n');
    }
    text
}

/// Where to read more about the checks met.
fn pages(report: &Report) -> String {
    let mut checks: Vec<&str> = report.shown().map(|item| &*item.finding.check).collect();
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
pub(super) fn summary(report: &Report) -> String {
    let by_severity: Vec<String> = Severity::ALL
        .iter()
        .map(|severity| (severity.name(), report.count(*severity)))
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| format!("{count} {name}"))
        .collect();
    let new = if report.tells_new() { "new " } else { "" };
    let mut text = match report.shown().count() {
        0 => format!("No {new}findings"),
        1 => format!("1 {new}finding: {}", by_severity.join(", ")),
        count => format!("{count} {new}findings: {}", by_severity.join(", ")),
    };
    for (count, one, many) in [
        (report.existing(), "there before", "there before"),
        (report.in_baseline, "in the baseline", "in the baseline"),
        (report.waived.len(), "waived", "waived"),
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
