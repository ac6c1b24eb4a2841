//! The report for a person at a terminal.

use std::borrow::Cow;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Group, Level, Message, Renderer, Title};
use anstream::adapter::strip_str;
use rayon::prelude::*;

use super::json::ResourceLine;
use super::paint::{self, paint};
use super::place::Place;
use super::shown::{disarm, first_sentence, line, lines, mask_keys, wrap};
use super::snippet::{Mark, snippets};
use super::{Item, Mending, Placed, Report};
use crate::finding::{Confidence, Diagnostic, Severity, Undecided, Witness};
use crate::frameworks::tags;

/// The column of line numbers, which the renderer does not count.
const GUTTER: usize = 6;

/// Longer lines of text are hard to read.
const TEXT_WIDTH: usize = 110;

/// What stands before the name of a text: the column of line numbers and `= `; and between both.
const MARGIN: usize = 9;

/// A title beside a long id has at least so many columns, however narrow the terminal is.
const TITLE_WIDTH: usize = 40;

/// How many notes of one kind are shown before the rest is only counted.
const NOTES_OF_A_KIND: usize = 3;

/// So many findings are rendered by all threads that the run has.
const MANY: usize = 200;

/// How many instances or projects are named before the rest is only counted.
const NAMES: usize = 10;

/// How many controls are named before the rest is only counted.
const CONTROLS: usize = 20;

/// How the report looks.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// With colours.
    pub colors: bool,
    /// With links behind the names of checks: the terminal can open them.
    pub links: bool,
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
        Self { colors: false, links: false, width: 140, quiet: false, verbose: false, controls: false }
    }
}

/// The whole report as text.
pub fn render(report: &Report, style: Style) -> String {
    let mut page = Page::new(style);
    findings(report, style, &mut page);
    if !style.quiet && !report.undecided.is_empty() {
        page.heading(&plural(report.undecided.len(), "open question", "open questions"));
        report.undecided.iter().for_each(|open| page.undecided(open, report));
    }
    if !report.errors.is_empty() {
        page.heading(&plural(report.errors.len(), "error", "errors"));
    }
    for error in &report.errors {
        page.diagnostic(error, (Level::ERROR, "error"), report);
    }
    if !style.quiet {
        notes(report, style, &mut page);
        page.text.push_str(&pages(report));
    }
    page.text.push_str(&patches(report, style));
    page.text.push_str(&waived(report));
    page.text.push_str(&summary(report, style));
    mask_keys(&disarm(&page.text))
}

/// The findings, file by file.
fn findings(report: &Report, style: Style, page: &mut Page) {
    let items: Vec<&Item> = report.shown().collect();
    let rendered = |item: &&Item| page.rendered(&finding(item, report, style));
    let texts: Vec<String> = match items.len() {
        MANY.. if rayon::current_thread_index().is_some() => items.par_iter().map(rendered).collect(),
        _ => items.iter().map(rendered).collect(),
    };
    let mut texts = texts.into_iter();
    for file in items.chunk_by(|a, b| a.place.path == b.place.path) {
        if let Some(first) = file.first() {
            page.heading(&format!("{}: {}", line(first.place.path.as_str()), by_severity(file, style)));
        }
        texts.by_ref().take(file.len()).for_each(|text| page.text.push_str(&text));
    }
}

/// How many findings there are of each severity, worst first.
fn by_severity(items: &[&Item], style: Style) -> String {
    let count = |severity| items.iter().filter(|item| item.finding.severity == severity).count();
    let counts = Severity::ALL.into_iter().map(|severity| (severity, count(severity))).filter(|(_, count)| *count > 0);
    let words = counts.map(|(severity, count)| {
        paint(&format!("{count} {}", severity.name()), paint::severity(severity), style.colors)
    });
    words.collect::<Vec<_>>().join(", ")
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
        page.diagnostic(error, (Level::ERROR, "error"), report);
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
        let renderer = if style.colors { paint::renderer() } else { Renderer::plain() };
        let width = style.width.saturating_sub(GUTTER);
        Self { style, renderer: renderer.decor_style(DecorStyle::Ascii).term_width(width), text: String::new() }
    }

    pub(super) fn add(&mut self, group: &Group<'_>) {
        let text = self.rendered(group);
        self.text.push_str(&text);
    }

    fn rendered(&self, group: &Group<'_>) -> String {
        let text = self.renderer.render(std::slice::from_ref(group));
        let mut kept = String::with_capacity(text.len() + 2);
        for line in text.lines() {
            // The renderer announces a snippet without a path by an empty origin.
            let empty_origin = line.contains(":::") && strip_str(line).to_string().trim() == ":::";
            if !empty_origin {
                kept.push_str(line);
                kept.push('\n');
            }
        }
        kept.push('\n');
        kept
    }

    /// A line above what belongs together.
    fn heading(&mut self, text: &str) {
        self.text.push_str(&paint(&format!("== {text}"), paint::HEADING, self.style.colors));
        self.text.push_str("\n\n");
    }

    fn diagnostic(&mut self, diagnostic: &Placed<Diagnostic>, level: (Level<'static>, &str), report: &Report) {
        let (title, note) = message(level.0, level.1, diagnostic.what.code, &diagnostic.what.message, self.style);
        let mark = Mark::primary(&diagnostic.place, "");
        let shown = snippets(&report.texts, &[mark], self.style.width);
        self.add(&title.elements(shown.elements).elements(note));
    }

    fn undecided(&mut self, open: &Placed<Undecided>, report: &Report) {
        let level = Level::WARNING.with_name("undecided");
        let (title, note) = message(level, "undecided", &open.what.check, &open.what.message, self.style);
        let missing: Vec<String> = open.what.missing.iter().map(|name| format!("`{}`", line(name))).collect();
        let missing = Some(missing.join(", ")).filter(|missing| !missing.is_empty());
        let missing =
            missing.map(|missing| Level::NOTE.with_name("missing").message(paragraph("missing", &missing, self.style)));
        let mark = Mark::primary(&open.place, "");
        let shown = snippets(&report.texts, &[mark], self.style.width);
        self.add(&title.elements(shown.elements).elements(note).elements(missing));
    }
}

/// A title, which is one sentence, and what follows it as a note.
fn message<'a>(level: Level<'a>, name: &str, id: &str, text: &str, style: Style) -> (Title<'a>, Option<Message<'a>>) {
    let (title, rest) = first_sentence(text);
    let note = Some(rest.trim()).filter(|rest| !rest.is_empty());
    let before = name.len() + id.chars().count() + "[]: ".len();
    let title = wrap(&line(title), style.width.saturating_sub(before).max(TITLE_WIDTH));
    (level.primary_title(title).id(line(id)), note.map(|rest| Level::NOTE.message(paragraph("note", rest, style))))
}

/// Text beside a name like `= help: `, in lines that fit.
pub(super) fn paragraph(name: &str, text: &str, style: Style) -> String {
    let before = MARGIN + name.chars().count();
    wrap(&lines(text.trim_end()), style.width.min(TEXT_WIDTH).saturating_sub(before).max(TITLE_WIDTH))
}

fn severity_level(severity: Severity) -> Level<'static> {
    let level = match severity {
        Severity::Critical | Severity::High => Level::ERROR,
        Severity::Medium => Level::WARNING,
        Severity::Low => Level::HELP,
        Severity::Info => Level::INFO,
    };
    level.with_name(severity.name())
}

fn finding<'a>(item: &Item, report: &Report, style: Style) -> Group<'a> {
    let finding = &item.finding;
    let level = severity_level(finding.severity);
    let (title, note) = message(level, finding.severity.name(), &finding.check, &finding.message, style);
    let url = if style.links { &*item.rule.about().url } else { "" };
    let title = if url.is_empty() { title } else { title.id_url(line(url)) };
    let labels = labels(item);
    let mut marks = labels.iter().map(|(label, place)| Mark::related(place, label));
    let primary = marks.next().map(Mark::as_primary);
    let marks: Vec<Mark<'_>> = primary.into_iter().chain(marks).collect();
    let shown = snippets(&report.texts, &marks, style.width);
    let mut group = title.elements(shown.elements);
    // What the message says, too, needs no second saying.
    let said_already = finding.message.to_lowercase();
    for (place, label) in shown.cut.into_iter().filter(|(_, label)| !said_already.contains(&label.to_lowercase())) {
        group = group.element(said(place, &label, style));
    }
    group = group.elements(note);
    if let Some(confidence) = confidence(item) {
        group = group.element(said("confidence", &confidence, style));
    }
    if style.controls {
        let controls = tags(item.rule.frameworks());
        if !controls.is_empty() {
            group = group.element(said("controls", &shortened(&controls), style));
        }
    }
    if finding.instances.len() > 1 {
        group = group.element(said("instances", &names(&finding.instances), style));
    }
    if finding.projects.len() > 1 {
        group = group.element(said("projects", &names(&finding.projects), style));
    }
    if let Some(witness) = &finding.witness {
        group = group.element(said("gets through", &request(witness), style));
    }
    let group = match finding.help.is_empty() {
        true => group,
        false => group.element(Level::HELP.message(paragraph("help", &finding.help, style))),
    };
    let (name, text) = match &item.mending {
        None => return group,
        Some(Mending::Edits(message, _)) => ("fix", message),
        Some(Mending::Refused(why)) => ("no automatic fix", why),
    };
    group.element(said(name, text, style))
}

/// A line below the source, with a name of its own.
fn said<'a>(name: impl Into<Cow<'a, str>>, text: &str, style: Style) -> Message<'a> {
    let name = name.into();
    let text = paragraph(&name, text, style);
    Level::NOTE.with_name(name).message(text)
}

/// What stands beside the places of a finding, the primary one first. The steps of a value's way are numbered, from where
/// it is written to where it is used, and come before all other places.
fn labels(item: &Item) -> Vec<(String, &Place)> {
    let numbered = |step: Option<usize>, text: &str| match step {
        Some(step) => format!("{step}. {text}").trim_end().to_owned(),
        None => text.to_owned(),
    };
    let (steps, own) = item.steps().map_or_else(Default::default, |(steps, own)| (steps, Some(own)));
    let steps = steps.into_iter().chain(std::iter::repeat(None));
    let mut related: Vec<_> = item.related.iter().zip(steps).collect();
    related.sort_by_key(|(_, step)| step.unwrap_or(usize::MAX));
    let primary = std::iter::once((numbered(own, &item.finding.label), &item.place));
    primary.chain(related.into_iter().map(|((text, place), step)| (numbered(step, text), place))).collect()
}

/// What a finding rests on, if it rests on something unknown.
fn confidence(item: &Item) -> Option<String> {
    let finding = &item.finding;
    let unknown: Vec<String> = finding.missing.iter().map(|name| format!("`{}`", line(name))).collect();
    match (finding.confidence, unknown.is_empty()) {
        (Confidence::Certain, _) => None,
        (Confidence::Possible, true) => Some("possible".to_owned()),
        (Confidence::Possible, false) => {
            Some(format!("possible; it rests on what is not known: {}", unknown.join(", ")))
        }
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
    if !report.notes.is_empty() {
        page.heading(&plural(report.notes.len(), "note", "notes"));
    }
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
            page.diagnostic(note, (Level::NOTE, "note"), report);
        }
    }
    for (code, count) in shown {
        if !style.verbose && count > NOTES_OF_A_KIND {
            let text = format!("{} more notes like these (-v shows all)", count - NOTES_OF_A_KIND);
            page.add(&Group::with_title(Level::NOTE.primary_title(text).id(code)));
        }
    }
}

/// What is to be changed, or was, and for which findings.
fn patches(report: &Report, style: Style) -> String {
    let mut text = String::new();
    for patch in report.patches.iter().flat_map(|patch| patch.split_terminator('\n')) {
        let (patch, end) = patch.strip_suffix('\r').map_or((patch, ""), |patch| (patch, "\r"));
        let color = paint::patch(patch);
        // What stands in a stranger's file is no command to a terminal.
        let patch = patch.split('\t').map(line).collect::<Vec<_>>().join("\t");
        let patch = match color {
            Some(color) => paint(&patch, color, style.colors),
            None => patch,
        };
        text.push_str(&format!("{patch}{end}\n"));
    }
    if !text.is_empty() {
        text.push('\n');
    }
    for item in &report.mended {
        let Some(Mending::Edits(message, _)) = &item.mending else { continue };
        text.push_str(&line(&format!("fixed: {} at {}: {message}", item.finding.check, item.place.written())));
        text.push('\n');
    }
    let open = report.shown().filter(|item| matches!(item.mending, Some(Mending::Edits(..)))).count();
    if open > 0 {
        let what = plural(open, "finding goes", "findings go");
        text.push_str(&format!("{what} away with the patch above; `--fix --write` applies it.\n"));
    }
    text
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
        Some((first, [second])) => format!("`rootlint explain {first}` says more; so does {second}.\n"),
        Some((first, others)) => format!("`rootlint explain {first}` says more; so do {}.\n", others.join(", ")),
    }
}

fn plural(count: usize, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}

/// The last line: what was found in how much.
pub(super) fn summary(report: &Report, style: Style) -> String {
    let new = if report.tells_new() { "new " } else { "" };
    let mut text = match report.shown().count() {
        0 => paint(&format!("No {new}findings"), paint::HEADING, style.colors),
        count => {
            let found = plural(count, &format!("{new}finding"), &format!("{new}findings"));
            let found = paint(&found, paint::HEADING, style.colors);
            format!("{found}: {}", by_severity(&report.shown().collect::<Vec<_>>(), style))
        }
    };
    for (count, one, many) in [
        (report.existing(), "there before", "there before"),
        (report.in_baseline, "in the baseline", "in the baseline"),
        (report.waived.len(), "waived", "waived"),
        (report.mended.len(), "fixed", "fixed"),
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
        let incomplete = paint("Incomplete", paint::HEADING, style.colors);
        text.push_str(&format!("{incomplete}: {}.\n", report.incomplete.join("; ")));
    }
    text
}
