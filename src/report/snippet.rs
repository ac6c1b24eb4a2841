//! The lines of source that a report shows around its places.

use annotate_snippets::{AnnotationKind, Element, Origin, Snippet};

use super::place::{Place, SourceText, Texts};
use super::shown::{Display, cut, line};
use crate::source::FileId;

/// Lines further apart than this are shown as two pieces: the text between them would have to be handed over too.
const FAR_LINES: u32 = 200;

/// A place that covers more lines is shown by its first ones.
const TALL_LINES: u32 = 6;

/// Of a longer line only the part around the place is shown: generated files have lines of megabytes.
const LONG_LINE: usize = 2_000;

/// How much of a long line is kept on each side of a place.
const AROUND: usize = 200;

/// What stands before a line of source: its number and a bar.
const GUTTER: usize = 8;

/// Where there is less room, a cut label says nothing.
const SHORT_LABEL: usize = 16;

/// A label that is cut is shown in full below: a few words beside the source are enough.
const LABEL: usize = 80;

/// A place to mark.
#[derive(Clone, Copy, Debug)]
pub struct Mark<'a> {
    place: &'a Place,
    label: &'a str,
    primary: bool,
}

impl<'a> Mark<'a> {
    /// The place that the message is about.
    pub fn primary(place: &'a Place, label: &'a str) -> Self {
        Self { place, label, primary: true }
    }

    /// A place that explains it.
    pub fn related(place: &'a Place, label: &'a str) -> Self {
        Self { place, label, primary: false }
    }

    /// The same place as the one that the message is about.
    #[must_use]
    pub fn as_primary(self) -> Self {
        Self { primary: true, ..self }
    }

    fn last_line(&self, source: &SourceText) -> u32 {
        // An end at the start of a line belongs to the line before.
        let (start, end) = (self.place.start.line, self.place.end);
        let last = if end.column == 1 && end.line > start { end.line - 1 } else { end.line };
        if last < start + TALL_LINES {
            return last;
        }
        let first = source.text.get(self.place.span.start as usize..line_to(source, start)).unwrap_or_default();
        // A bracket alone says nothing: the lines after it do.
        if first.trim().len() < 3 { start + 2 } else { start }
    }
}

/// Source as it is shown.
#[derive(Debug, Default)]
pub struct Shown<'a> {
    /// The snippets.
    pub elements: Vec<Element<'a>>,
    /// The labels for which there was no room: where they belong, and all they say.
    pub cut: Vec<(String, String)>,
    width: usize,
    /// The file of the primary place.
    file: Option<FileId>,
}

/// Snippets that show all marks in so many columns: file by file in the order of their first mark, the primary one's first.
pub fn snippets<'a>(texts: &Texts, marks: &[Mark<'_>], width: usize) -> Shown<'a> {
    let file = marks.iter().find(|mark| mark.primary).map(|mark| mark.place.span.file);
    let mut shown = Shown { width, file, ..Shown::default() };
    let mut files: Vec<(FileId, Vec<Mark<'_>>)> = Vec::new();
    for mark in marks {
        let file = mark.place.span.file;
        match files.iter_mut().find(|(known, _)| *known == file) {
            Some((_, marks)) => marks.push(*mark),
            None => files.push((file, vec![*mark])),
        }
    }
    for (file, mut marks) in files {
        let Some(source) = texts.get(file) else { continue };
        marks.sort_by_key(|mark| mark.place.start);
        let mut pieces: Vec<Vec<Mark<'_>>> = Vec::new();
        for mark in marks {
            match pieces.last_mut() {
                Some(piece) if piece.iter().any(|known| close(source, known, &mark)) => piece.push(mark),
                _ => pieces.push(vec![mark]),
            }
        }
        // The piece with the primary place leads: a reader takes the first location for the finding's.
        pieces.sort_by_key(|piece| !piece.iter().any(|mark| mark.primary));
        for piece in pieces {
            show(source, &piece, &mut shown);
        }
    }
    shown
}

fn close(source: &SourceText, known: &Mark<'_>, mark: &Mark<'_>) -> bool {
    mark.place.start.line <= known.last_line(source) + FAR_LINES
}

fn show(source: &SourceText, marks: &[Mark<'_>], out: &mut Shown<'_>) {
    let Some(lead) = marks.iter().find(|mark| mark.primary).or(marks.first()) else { return };
    let path = line(source.path.as_str());
    if source.abroad.is_some() {
        // There is no line to put a label beside.
        let places = marks.iter().map(|mark| (mark.place.written(), line(mark.label)));
        out.cut.extend(places.filter(|(_, label)| !label.is_empty()));
        if lead.primary {
            out.elements.push(Element::Origin(origin(path, lead)));
        }
        return;
    }
    let first = marks.iter().map(|mark| mark.place.start.line).min().unwrap_or(1);
    let last = marks.iter().map(|mark| mark.last_line(source)).max().unwrap_or(first);
    let (from, to) = (line_from(source, first), line_to(source, last));
    let long = source.text.get(from..to).unwrap_or_default().split('\n').any(|line| line.len() > LONG_LINE);
    if source.text.is_empty() || (long && marks.len() > 1 && first != last) {
        // Several places with long lines between them: each is shown alone.
        if marks.len() > 1 {
            for mark in marks {
                show(source, &[*mark], out);
            }
        } else {
            out.elements.push(Element::Origin(origin(path, lead)));
        }
        return;
    }
    let (from, to) = if long { narrow(source, marks, from, to) } else { (from, to) };
    let display = Display::new(&source.text, from..to, &source.hidden);
    let exact = !long && display.columns_are_exact();
    let mut snippet = Snippet::source(display.text.clone()).line_start(first as usize);
    if exact {
        snippet = snippet.path(path);
    } else {
        // The columns of what is shown are not those of the file: the place is written out.
        out.elements.push(Element::Origin(origin(path, lead)));
    }
    let mut labelled: Vec<(std::ops::Range<usize>, bool, String)> = Vec::new();
    for mark in marks {
        let end = (mark.place.span.end as usize).min(line_to(source, mark.last_line(source)));
        let range = display.range(mark.place.span.start as usize..end);
        let label = out.fitting(source, mark, &display.text, range.end);
        match labelled.iter_mut().find(|(known, ..)| *known == range) {
            Some((_, primary, known)) => {
                *primary |= mark.primary;
                if !label.is_empty() && !known.contains(&label) {
                    let between = if known.is_empty() { "" } else { "; " };
                    known.push_str(between);
                    known.push_str(&label);
                }
            }
            None => labelled.push((range, mark.primary, label)),
        }
    }
    for (range, primary, label) in labelled {
        let kind = if primary { AnnotationKind::Primary } else { AnnotationKind::Context };
        let label = Some(label).filter(|label| !label.is_empty());
        snippet = snippet.annotation(kind.span(range).label(label));
    }
    out.elements.push(Element::Cause(snippet));
}

impl Shown<'_> {
    /// As much of a mark's label as fits behind the mark, which ends at `end` of what is shown.
    fn fitting(&mut self, source: &SourceText, mark: &Mark<'_>, shown: &str, end: usize) -> String {
        let label = line(mark.label);
        let (before, after) = shown.split_at_checked(end).unwrap_or((shown, ""));
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count();
        let rest = after.split('\n').next().unwrap_or_default().chars().count();
        let width = self.width.saturating_sub(GUTTER);
        // Of a line that is too long the renderer shows the part around the mark, with room for its label.
        let room = if column + rest > width { width / 2 } else { width.saturating_sub(column) }.min(LABEL);
        let short = if room < SHORT_LABEL { cut(&label, 1) } else { cut_at_word(&label, room) };
        let short = if label.chars().count() <= room { label.clone() } else { short };
        if short != label {
            let at = mark.place.start.line;
            let is_same = self.file == Some(mark.place.span.file);
            let place = if is_same { format!("line {at}") } else { format!("{}:{at}", line(source.path.as_str())) };
            self.cut.push((place, label));
        }
        short
    }
}

/// A text of at most `length` characters, cut after a word if there is one not too far from the end.
fn cut_at_word(text: &str, length: usize) -> String {
    let short = cut(text, length);
    let Some(kept) = short.strip_suffix('…').filter(|_| short != text) else { return short };
    match kept.rsplit_once(' ') {
        Some((words, _)) if words.chars().count() * 2 > length => format!("{words}…"),
        _ => short,
    }
}

fn origin<'a>(path: String, mark: &Mark<'_>) -> Origin<'a> {
    let start = mark.place.start;
    Origin::path(path).line(start.line as usize).char_column(start.column as usize)
}

/// Where a line starts.
fn line_from(source: &SourceText, line: u32) -> usize {
    source.lines.line_start(line)
}

/// Where a line ends, without its line feed.
fn line_to(source: &SourceText, line: u32) -> usize {
    if line >= source.lines.lines() { source.text.len() } else { source.lines.line_start(line + 1).saturating_sub(1) }
}

/// The part of long lines around the marks.
fn narrow(source: &SourceText, marks: &[Mark<'_>], from: usize, to: usize) -> (usize, usize) {
    let start = marks.iter().map(|mark| mark.place.span.start as usize).min().unwrap_or(from);
    let end = marks.iter().map(|mark| mark.place.span.end as usize).max().unwrap_or(to).min(start + LONG_LINE);
    let mut start = start.saturating_sub(AROUND).max(from);
    let mut end = (end + AROUND).min(to);
    while !source.text.is_char_boundary(start) {
        start -= 1;
    }
    while !source.text.is_char_boundary(end) {
        end -= 1;
    }
    (start, end.max(start))
}
