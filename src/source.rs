//! Where text came from: file identities, byte spans and, when something is rendered, lines and columns.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use camino::{Utf8Path, Utf8PathBuf};
use indexmap::IndexMap;

/// A file met during the scan. Ids are handed out in the order files are met, which differs from run to run:
/// anything that is printed or sorted goes through [`Sources::path`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileId(u32);

/// A byte range of one file. Line and column are computed only when rendering.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The span of `start..end` in `file`; offsets past 4 GiB saturate (no file that large is ever read).
    pub fn new(file: FileId, start: usize, end: usize) -> Self {
        let clamp = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Self { file, start: clamp(start), end: clamp(end.max(start)) }
    }

    /// The very start of a file: where whole-file problems are reported.
    pub fn start_of(file: FileId) -> Self {
        Self { file, start: 0, end: 0 }
    }

    /// The smallest span that covers both; `self` if they lie in different files.
    pub fn to(self, other: Span) -> Self {
        if self.file != other.file {
            return self;
        }
        Self { file: self.file, start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// Whether `other` lies within this span.
    pub fn contains(self, other: Span) -> bool {
        self.file == other.file && self.start <= other.start && other.end <= self.end
    }

    /// The part `start..end` counted from this span's own start, clamped to it.
    pub fn slice(self, start: usize, end: usize) -> Self {
        let len = (self.end - self.start) as usize;
        let (start, end) = (start.min(len) as u32, end.min(len) as u32);
        Self { file: self.file, start: self.start + start, end: self.start + end.max(start) }
    }

    /// Length in bytes.
    pub fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    /// Whether the span covers nothing.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }
}

/// The names of all files met. Their text is not kept, except that of sources that are no files
/// (a `--var` argument, standard input): snippets are read again when rendering.
#[derive(Debug, Default)]
pub struct Sources {
    entries: RwLock<IndexMap<Arc<Utf8Path>, Option<Arc<str>>>>,
    spots: RwLock<Vec<Spot>>,
    places: RwLock<HashMap<FileId, Points>>,
}

/// What is known of the places in a file that is not at hand: the line and column of some of its bytes.
#[derive(Clone, Debug, Default)]
pub struct Points(BTreeMap<u32, Position>);

impl Points {
    /// Says where a byte is.
    pub fn know(&mut self, offset: u32, position: Position) {
        self.0.insert(offset, position);
    }

    /// Where a byte is: what lies between known ones is taken to be in one line.
    pub fn place(&self, offset: u32) -> Position {
        match self.0.range(..=offset).next_back() {
            Some((at, known)) => Position { column: known.column.saturating_add(offset - at), ..*known },
            None => Position { line: 1, column: 1 },
        }
    }
}

/// A place in a text that is not read again: one that was streamed, or unpacked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The file.
    pub path: Arc<Utf8Path>,
    /// The first character.
    pub start: Position,
    /// One past the last character.
    pub end: Position,
}

/// Ids with this bit are those of spots.
const SPOT: u32 = 1 << 31;

impl Sources {
    /// The id of the file at `path`, relative to the root.
    pub fn file(&self, path: &Utf8Path) -> FileId {
        self.insert(path, None)
    }

    /// A source that is no file; `name` is printed as its path, as `<--var user>`.
    pub fn virtual_file(&self, name: &str, text: &str) -> FileId {
        self.insert(Utf8Path::new(name), Some(Arc::from(text)))
    }

    fn insert(&self, path: &Utf8Path, text: Option<Arc<str>>) -> FileId {
        {
            let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
            if let Some((index, _, known)) = entries.get_full(path)
                && (text.is_none() || *known == text)
            {
                return FileId(index as u32);
            }
        }
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        let (index, _) = entries.insert_full(Arc::from(path), text);
        FileId(index as u32)
    }

    /// The span that stands for a place whose line and column are known, and whose text is not.
    pub fn spot(&self, spot: Spot) -> Span {
        let mut spots = self.spots.write().unwrap_or_else(PoisonError::into_inner);
        spots.push(spot);
        Span::start_of(FileId(SPOT | (spots.len() - 1) as u32))
    }

    /// The place that such a span stands for.
    pub fn spot_of(&self, file: FileId) -> Option<Spot> {
        let spots = self.spots.read().unwrap_or_else(PoisonError::into_inner);
        spots.get((file.0 & !SPOT) as usize).filter(|_| file.0 & SPOT != 0).cloned()
    }

    /// Says where some bytes of a file are that is not at hand, one of another repository.
    pub fn know_places(&self, file: FileId, points: Points) {
        self.places.write().unwrap_or_else(PoisonError::into_inner).entry(file).or_default().0.extend(points.0);
    }

    /// What is known of the places in a file, if it is one of another repository.
    pub fn places_abroad(&self, file: FileId) -> Option<Points> {
        self.places.read().unwrap_or_else(PoisonError::into_inner).get(&file).cloned()
    }

    /// Whether a file is one of another repository, which is not at hand.
    pub fn is_abroad(&self, file: FileId) -> bool {
        self.places.read().unwrap_or_else(PoisonError::into_inner).contains_key(&file)
    }

    /// The path of a file, relative to the root, with forward slashes.
    pub fn path(&self, file: FileId) -> Arc<Utf8Path> {
        if let Some(spot) = self.spot_of(file) {
            return spot.path;
        }
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        match entries.get_index(file.0 as usize) {
            Some((path, _)) => Arc::clone(path),
            None => Arc::from(Utf8PathBuf::from("<unknown>")),
        }
    }

    /// Whether a file of this path was met.
    pub fn knows(&self, path: &Utf8Path) -> bool {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        entries.get(path).is_some_and(Option::is_none)
    }

    /// The text of a source that is no file.
    pub fn virtual_text(&self, file: FileId) -> Option<Arc<str>> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        entries.get_index(file.0 as usize).and_then(|(_, text)| text.clone())
    }
}

/// A line and a column, both counted from 1, columns in Unicode scalar values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1, in Unicode scalar values.
    pub column: u32,
}

/// Finds lines and columns in one file's text.
#[derive(Debug)]
pub struct LineIndex {
    starts: Vec<u32>,
    /// How many characters start before each [`STRIDE`] bytes: generated files are one line of megabytes.
    characters: Vec<u32>,
}

/// How many bytes are counted at most to find a column.
const STRIDE: usize = 1 << 12;

/// How many characters start in these bytes: every byte that is not a UTF-8 continuation byte starts one.
fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| (**byte & 0xC0) != 0x80).count()
}

/// Whether a word stands in a text, by a search for bytes that is faster than the standard library's: it is how most files are
/// passed over.
pub fn mentions(text: &str, word: &str) -> bool {
    memchr::memmem::find(text.as_bytes(), word.as_bytes()).is_some()
}

impl LineIndex {
    /// Indexes the lines of `text`; lines end at `\n` (a `\r` before it belongs to the line).
    pub fn new(text: &str) -> Self {
        let mut starts = vec![0];
        starts.extend(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at as u32 + 1));
        let mut before = 0;
        let count = |stride: &[u8]| {
            let at = before;
            before += characters(stride) as u32;
            at
        };
        let characters = text.as_bytes().chunks(STRIDE).map(count).collect();
        Self { starts, characters }
    }

    /// How many characters start before a byte.
    fn characters_before(&self, text: &str, offset: usize) -> usize {
        let (stride, rest) = (offset / STRIDE, offset % STRIDE);
        let known = self.characters.get(stride).copied();
        // A text that ends with a stride has no entry for what comes after it.
        let (known, from) = match known {
            Some(known) => (known as usize, offset - rest),
            None => (self.characters.last().map_or(0, |last| *last as usize), stride.saturating_sub(1) * STRIDE),
        };
        known + characters(text.as_bytes().get(from..offset).unwrap_or_default())
    }

    /// Line and column of a byte offset; an offset past the end or inside a character moves back to what exists.
    pub fn position(&self, text: &str, offset: u32) -> Position {
        let offset = (offset as usize).min(text.len());
        let line = self.starts.partition_point(|start| *start as usize <= offset).max(1);
        let start = self.starts.get(line - 1).copied().unwrap_or(0) as usize;
        let mut columns = match text.as_bytes().get(start..offset) {
            Some(line) if line.len() <= STRIDE => characters(line),
            _ => self.characters_before(text, offset).saturating_sub(self.characters_before(text, start)),
        };
        // A byte order mark is no column.
        if start == 0 && offset >= 3 && text.starts_with('\u{feff}') {
            columns -= 1;
        }
        Position { line: line as u32, column: columns as u32 + 1 }
    }

    /// The byte offset at which a line (from 1) starts.
    pub fn line_start(&self, line: u32) -> usize {
        self.starts.get(line.saturating_sub(1) as usize).copied().unwrap_or(0) as usize
    }

    /// How many lines there are.
    pub fn lines(&self) -> u32 {
        self.starts.len() as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        let text = "é = 1\n  ü😀x\n";
        let index = LineIndex::new(text);
        assert_eq!(index.position(text, 0), Position { line: 1, column: 1 });
        assert_eq!(index.position(text, 2), Position { line: 1, column: 2 });
        let x = text.find('x').unwrap() as u32;
        assert_eq!(index.position(text, x), Position { line: 2, column: 5 });
        assert_eq!(index.position(text, 999), Position { line: 3, column: 1 });
    }

    #[test]
    fn columns_of_long_lines_are_counted_from_where_they_are_known() {
        let text = format!("x\n{}\ny", "é".repeat(3 * STRIDE));
        let index = LineIndex::new(&text);
        for offset in [0, 2, STRIDE, STRIDE + 1, 2 * STRIDE, 5 * STRIDE + 7, text.len() - 1, text.len()] {
            let line = text.as_bytes()[..offset].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            let starts = (line..offset).filter(|at| text.is_char_boundary(*at)).count();
            assert_eq!(index.position(&text, offset as u32).column as usize, starts + 1, "{offset}");
        }
        let exact = "a".repeat(2 * STRIDE);
        assert_eq!(LineIndex::new(&exact).position(&exact, exact.len() as u32).column as usize, 2 * STRIDE + 1);
    }

    #[test]
    fn a_byte_order_mark_is_no_column() {
        let text = "\u{feff}a";
        assert_eq!(LineIndex::new(text).position(text, 3), Position { line: 1, column: 1 });
    }

    #[test]
    fn a_spot_has_its_place_and_no_text() {
        let sources = Sources::default();
        let file = sources.file("a.json".into());
        let (start, end) = (Position { line: 1, column: 70_000 }, Position { line: 1, column: 80_000 });
        let spot = Spot { path: Arc::from(Utf8Path::new("a.json")), start, end };
        let span = sources.spot(spot.clone());
        assert_ne!(span, sources.spot(spot.clone()));
        assert_eq!((sources.spot_of(span.file), sources.spot_of(file)), (Some(spot), None));
        assert_eq!(sources.path(span.file), sources.path(file));
        assert_eq!(sources.virtual_text(span.file), None);
    }

    #[test]
    fn files_keep_their_id() {
        let sources = Sources::default();
        let a = sources.file("a.tf".into());
        let b = sources.file("b.tf".into());
        assert_ne!(a, b);
        assert_eq!(sources.file("a.tf".into()), a);
        assert_eq!(sources.path(b).as_str(), "b.tf");
        let v = sources.virtual_file("<--var x>", "x=1");
        assert_eq!(sources.virtual_text(v).as_deref(), Some("x=1"));
        assert_eq!(sources.virtual_text(a), None);
    }
}
