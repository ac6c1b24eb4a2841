//! Annotations on a pull request: workflow commands of GitHub Actions, and the whole report for the log after them.

use super::human::{self, Style};
use super::limits::ANNOTATIONS_OF_A_KIND;
use super::place::Place;
use super::shown::{line, mask_keys};
use super::{Item, Report};
use crate::finding::Severity;

/// A kind of annotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Error,
    Warning,
    Notice,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Error, Self::Warning, Self::Notice];

    fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Notice => "notice",
        }
    }

    fn of(severity: Severity) -> Self {
        match severity {
            Severity::Critical | Severity::High => Self::Error,
            Severity::Medium => Self::Warning,
            Severity::Low | Severity::Info => Self::Notice,
        }
    }
}

/// What one command says.
struct Annotation<'a> {
    kind: Kind,
    /// The worst first: a severity, or that of what could not be read.
    rank: Severity,
    title: &'a str,
    message: String,
    place: &'a Place,
}

/// The annotations, worst first, then the report itself, in which nothing is a command. `token` ends that part: nobody
/// who can write into the repository may foresee it.
pub fn render(report: &Report, token: &str) -> String {
    let mut annotations: Vec<Annotation<'_>> = report.shown().map(of_finding).collect();
    let errors = report.errors.iter().map(|error| Annotation {
        kind: Kind::Error,
        rank: Severity::High,
        title: error.what.code,
        message: error.what.message.clone(),
        place: &error.place,
    });
    let open = report.undecided.iter().filter(|open| open.what.blocking).map(|open| Annotation {
        kind: Kind::Warning,
        rank: Severity::Medium,
        title: &open.what.check,
        message: format!("cannot decide: {}", open.what.message),
        place: &open.place,
    });
    annotations.extend(errors.chain(open));
    // The sort is stable: what is equally bad stays in the report's order.
    annotations.sort_by_key(|annotation| std::cmp::Reverse(annotation.rank));

    let mut text = String::new();
    let mut left_out = Vec::new();
    for kind in Kind::ALL {
        let of_kind: Vec<&Annotation<'_>> = annotations.iter().filter(|annotation| annotation.kind == kind).collect();
        of_kind.iter().take(ANNOTATIONS_OF_A_KIND).for_each(|annotation| text.push_str(&command(annotation)));
        if let Some(more @ 1..) = of_kind.len().checked_sub(ANNOTATIONS_OF_A_KIND) {
            left_out.push(format!("{more} more {}s", kind.name()));
        }
    }
    let mut text = mask_keys(&text).replace("##[", "##\\u{5b}");
    text.push_str(&format!("::stop-commands::{token}\n"));
    text.push_str(&human::render(report, Style::default()));
    if !left_out.is_empty() {
        text.push_str(&format!(
            "GitHub shows {ANNOTATIONS_OF_A_KIND} annotations of a kind; only in the list above: and {}.\n",
            left_out.join(", and ")
        ));
    }
    text.push_str(&format!("::{token}::\n"));
    text
}

fn of_finding(item: &Item) -> Annotation<'_> {
    let finding = &item.finding;
    Annotation {
        kind: Kind::of(finding.severity),
        rank: finding.severity,
        title: &finding.check,
        message: item.message(),
        place: item.real_place(),
    }
}

fn command(annotation: &Annotation<'_>) -> String {
    let mut properties = Vec::new();
    let place = annotation.place;
    if place.real {
        properties.push(format!("file={}", property(place.path.as_str())));
        properties.push(format!("line={}", place.start.line));
        // Columns mean something only on one line, and the last one is part of what is marked.
        if place.start.line == place.end.line {
            let end = place.end.column.saturating_sub(1).max(place.start.column);
            properties.push(format!("endLine={},col={},endColumn={end}", place.end.line, place.start.column));
        } else {
            properties.push(format!("endLine={}", place.end.line));
        }
    }
    properties.push(format!("title={}", property(annotation.title)));
    format!("::{} {}::{}\n", annotation.kind.name(), properties.join(","), data(&annotation.message))
}

/// A command's text: lines stay lines, what else could deceive is written out.
fn data(text: &str) -> String {
    text.lines().map(|part| line(part).replace('%', "%25")).collect::<Vec<_>>().join("%0A")
}

/// A property of a command, which ends at a comma or colon.
fn property(text: &str) -> String {
    line(text).replace('%', "%25").replace(':', "%3A").replace(',', "%2C")
}
