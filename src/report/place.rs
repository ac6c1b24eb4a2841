//! Spans turned into places: files are read once more, when the report is made.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use camino::Utf8Path;
use serde::Serialize;

use crate::files::{Files, MAX_FILE_BYTES, normalize};
use crate::source::{FileId, LineIndex, Points, Position, Sources, Span, Spot};

/// A file's text with its lines.
#[derive(Debug)]
pub struct SourceText {
    /// The path relative to the root; `<...>` for a source that is no file.
    pub path: Arc<Utf8Path>,
    /// The text; empty if it cannot be read any more.
    pub text: Arc<str>,
    /// Its lines.
    pub lines: LineIndex,
    /// Whether it is a file of the repository.
    pub real: bool,
    /// Byte ranges that must not be shown.
    pub hidden: Vec<Range<usize>>,
    /// Where it is, if there is no text to find that in.
    pub spot: Option<(Position, Position)>,
    /// The places that are known in it, if it is a file of another repository.
    pub abroad: Option<Points>,
}

/// The sources that a report mentions.
#[derive(Debug, Default)]
pub struct Texts {
    texts: HashMap<FileId, SourceText>,
}

impl Texts {
    /// Reads the file of `span`, once.
    pub fn load(&mut self, span: Span, sources: &Sources, files: &dyn Files) {
        self.texts.entry(span.file).or_insert_with(|| {
            let path = sources.path(span.file);
            if let Some(Spot { start, end, .. }) = sources.spot_of(span.file) {
                // What lies outside is no file of a repository.
                let real = !path.as_str().starts_with('<') && normalize(&path).is_some();
                let (text, lines, spot) = (Arc::from(""), LineIndex::new(""), Some((start, end)));
                return SourceText { path, text, lines, real, hidden: Vec::new(), spot, abroad: None };
            }
            if let Some(points) = sources.places_abroad(span.file) {
                let (text, lines, abroad) = (Arc::from(""), LineIndex::new(""), Some(points));
                return SourceText { path, text, lines, real: false, hidden: Vec::new(), spot: None, abroad };
            }
            let (text, real) = match sources.virtual_text(span.file) {
                Some(text) => (text, false),
                None => {
                    let bytes = files.read(&path, MAX_FILE_BYTES).unwrap_or_default();
                    // Offsets into a file that is not UTF-8 do not exist: only its start is ever pointed at.
                    let text = String::from_utf8(bytes).unwrap_or_default();
                    (Arc::from(text), !path.as_str().starts_with('<'))
                }
            };
            let lines = LineIndex::new(&text);
            SourceText { path, text, lines, real, hidden: Vec::new(), spot: None, abroad: None }
        });
    }

    /// Keeps the text at `span` from being shown, whichever finding shows it.
    pub fn hide(&mut self, span: Span) {
        if let Some(text) = self.texts.get_mut(&span.file) {
            text.hidden.push(span.start as usize..span.end as usize);
        }
    }

    /// The source of a file that was loaded.
    pub fn get(&self, file: FileId) -> Option<&SourceText> {
        self.texts.get(&file)
    }

    /// Where a span lies.
    pub fn place(&self, span: Span) -> Place {
        match self.texts.get(&span.file) {
            Some(SourceText { path, real, spot: Some((start, end)), .. }) => {
                Place { path: Arc::clone(path), real: *real, start: *start, end: *end, span }
            }
            Some(SourceText { path, real, abroad: Some(points), .. }) => {
                let (start, end) = (points.place(span.start), points.place(span.end));
                Place { path: Arc::clone(path), real: *real, start, end, span }
            }
            Some(source) => Place {
                path: Arc::clone(&source.path),
                real: source.real,
                start: source.lines.position(&source.text, span.start),
                end: source.lines.position(&source.text, span.end),
                span,
            },
            None => {
                let start = Position { line: 1, column: 1 };
                Place { path: Arc::from(Utf8Path::new("<unknown>")), real: false, start, end: start, span }
            }
        }
    }
}

/// Where something is, as reports say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The path relative to the root, with forward slashes.
    pub path: Arc<Utf8Path>,
    /// Whether the path is a file of the repository (and not `<--var x>`).
    pub real: bool,
    /// The first character.
    pub start: Position,
    /// One past the last character.
    pub end: Position,
    /// The bytes meant.
    pub span: Span,
}

impl Place {
    /// What reports are sorted by: never a file id, which differs from run to run.
    pub fn order(&self) -> (&str, Position, Position) {
        (self.path.as_str(), self.start, self.end)
    }

    /// Path, line and column, as people write them.
    pub fn written(&self) -> String {
        format!("{}:{}:{}", self.path, self.start.line, self.start.column)
    }

    /// The place as JSON says it.
    pub fn location(&self) -> Location<'_> {
        Location { path: self.path.as_str(), start: self.start, end: self.end }
    }
}

/// A place in JSON.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Location<'a> {
    /// The path relative to the root.
    pub path: &'a str,
    /// The first character.
    pub start: Position,
    /// One past the last character.
    pub end: Position,
}
