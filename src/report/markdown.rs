//! The report as Markdown: a job's summary on GitHub, or a comment.

use super::limits::SUMMARY_BYTES;
use super::place::Place;
use super::shown::{disarm, first_sentence, line, lines, mask_keys};
use super::{Item, Report, human};
use crate::finding::{Confidence, Diagnostic};

/// Room for the sentence that says what is left out.
const REST: usize = 200;

/// The report, cut to what a job's summary may hold.
pub fn render(report: &Report) -> String {
    render_at_most(report, SUMMARY_BYTES)
}

/// The same in at most `limit` bytes: the summary first, then the findings, worst first, as many as fit.
pub fn render_at_most(report: &Report, limit: usize) -> String {
    let mut text = format!(
        "## rootlint\n\n{}\n",
        markdown(human::summary(report, human::Style::default()).trim_end()).replace('\n', "  \n")
    );
    let mut findings: Vec<&Item> = report.shown().collect();
    // The sort is stable: what is equally bad stays in the report's order.
    findings.sort_by_key(|item| std::cmp::Reverse(item.finding.severity));
    let undecided = report
        .undecided
        .iter()
        .map(|open| bullet(&format!("cannot decide `{}`: {}", &open.what.check, open.what.message), &open.place));
    let errors = report.errors.iter().map(|error| diagnostic("error", &error.what, &error.place));
    let notes = report.notes.iter().map(|note| diagnostic("note", &note.what, &note.place));
    let waived = human::waived(report);
    let waived = waived.lines().map(|line| format!("- {}\n", markdown(line.trim_start_matches("waived: "))));
    let parts: [(&str, Vec<String>); 5] = [
        ("Findings", findings.into_iter().map(finding).collect()),
        ("Waived", waived.collect()),
        ("Undecided", undecided.collect()),
        ("Errors", errors.collect()),
        ("Notes", notes.collect()),
    ];
    let mut left_out = 0;
    for (title, entries) in parts {
        if !entries.is_empty() && left_out == 0 {
            text.push_str(&format!("\n### {title}\n\n"));
        }
        for entry in entries {
            if left_out == 0 && text.len() + entry.len() + REST <= limit {
                text.push_str(&entry);
            } else {
                left_out += 1;
            }
        }
    }
    if left_out > 0 {
        text.push_str(&format!("\n_{left_out} more do not fit here: the log and the other formats have them._\n"));
    }
    mask_keys(&disarm(&text))
}

fn finding(item: &Item) -> String {
    let finding = &item.finding;
    let message = item.message();
    let (title, rest) = first_sentence(&message);
    let possible = if finding.confidence == Confidence::Possible { ", possible" } else { "" };
    let mut text = format!(
        "<details>\n<summary><b>{}</b>{possible} {} at {}: {}</summary>\n\n",
        finding.severity.name(),
        element("code", &finding.check, html),
        element("code", &item.place.written(), html),
        prose(title, html)
    );
    if !rest.trim().is_empty() {
        text.push_str(&format!("{}\n\n", prose(rest.trim(), markdown)));
    }
    if !finding.resource.is_empty() {
        text.push_str(&format!("- resource: {}\n", code(&finding.resource)));
    }
    for (message, place) in &item.related {
        text.push_str(&bullet(message, place));
    }
    if let Some(witness) = &finding.witness {
        text.push_str(&format!("- gets through: {}\n", prose(&human::request(witness), markdown)));
    }
    if !finding.help.is_empty() {
        text.push_str(&format!("\nWhat to do:\n\n{}\n", block(&finding.help)));
    }
    let url = &item.rule.about().url;
    if !url.is_empty() {
        text.push_str(&format!("\n<{url}>\n"));
    }
    text.push_str("\n</details>\n\n");
    text
}

fn diagnostic(kind: &str, what: &Diagnostic, place: &Place) -> String {
    bullet(&format!("{kind} `{}`: {}", what.code, what.message), place)
}

fn bullet(message: &str, place: &Place) -> String {
    format!("- {}: {}\n", code(&place.written()), prose(message, markdown))
}

/// A text with code in backquotes, on one line.
fn prose(text: &str, escape: fn(&str) -> String) -> String {
    let mut out = String::new();
    let mut parts = text.split('`').peekable();
    let mut quoted = false;
    while let Some(part) = parts.next() {
        // A backquote without a second one is only a character.
        out.push_str(&match (quoted, parts.peek().is_some()) {
            (true, true) => element("code", part, escape),
            (true, false) => escape(&line(&format!("`{part}"))),
            (false, _) => escape(&line(part)),
        });
        quoted = !quoted;
    }
    out
}

/// A text as code. Backquotes would need others around them: an element takes any text.
fn code(text: &str) -> String {
    element("code", text, markdown)
}

fn element(name: &str, text: &str, escape: fn(&str) -> String) -> String {
    format!("<{name}>{}</{name}>", escape(&line(text)))
}

/// Several lines as they are. No line of theirs can end the block, which is fenced by more tildes than they have.
fn block(text: &str) -> String {
    let text = lines(text.trim_end());
    let longest = text.split(|c| c != '~').map(str::len).max().unwrap_or(0);
    let fence = "~".repeat(longest.max(2) + 1);
    format!("{fence}\n{text}\n{fence}")
}

/// What HTML reads as markup is written out, and nobody is mentioned: GitHub looks for names in the text of one element.
fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('@', "<span>@</span>")
}

/// The same where Markdown is read, too; nothing becomes a link.
fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in html(text).chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '|' | '~' | '$' => {
                out.push('\\');
                out.push(c);
            }
            ':' if out.ends_with("http") || out.ends_with("https") => out.push_str("\\:"),
            '.' if out.ends_with("www") => out.push_str("\\."),
            c => out.push(c),
        }
    }
    out
}
