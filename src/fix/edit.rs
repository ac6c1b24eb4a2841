//! Edits of texts. All edits of a file are kept in the offsets of the file as it is on disk, so that later ones may come on
//! top of earlier ones.

use std::collections::BTreeMap;
use std::ops::Range;

use camino::{Utf8Path, Utf8PathBuf};

/// Other characters for a range of a text; for an empty one, characters that come in there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The bytes that go.
    pub range: Range<usize>,
    /// What comes in their place.
    pub text: String,
}

impl Edit {
    /// Characters that come in at `at`.
    pub fn insert(at: usize, text: String) -> Self {
        Self { range: at..at, text }
    }

    fn touches(&self, other: &Self) -> bool {
        let (a, b) = (&self.range, &other.range);
        a.start < b.end && b.start < a.end || (a == b && !a.is_empty())
    }
}

/// Edits of several files, each file's in order and without overlaps.
#[derive(Clone, Debug, Default)]
pub(super) struct Edits {
    files: BTreeMap<Utf8PathBuf, Vec<Edit>>,
}

impl Edits {
    /// The files that are edited.
    pub(super) fn paths(&self) -> impl Iterator<Item = &Utf8PathBuf> {
        self.files.keys()
    }

    /// Adds an edit, once.
    ///
    /// # Errors
    /// When another one is in its way.
    pub(super) fn add(&mut self, path: &Utf8Path, edit: Edit) -> Result<(), ()> {
        let edits = self.files.entry(path.to_owned()).or_default();
        if edits.contains(&edit) {
            return Ok(());
        }
        if edits.iter().any(|known| known.touches(&edit)) {
            return Err(());
        }
        let at =
            edits.partition_point(|known| known.range.start <= edit.range.start && known.range.end <= edit.range.end);
        edits.insert(at, edit);
        Ok(())
    }

    /// The text with the edits in it.
    pub(super) fn apply(&self, path: &Utf8Path, original: &str) -> String {
        let mut text = String::with_capacity(original.len());
        let mut at = 0;
        for edit in self.files.get(path).into_iter().flatten() {
            text.push_str(original.get(at..edit.range.start).unwrap_or_default());
            text.push_str(&edit.text);
            at = edit.range.end;
        }
        text.push_str(original.get(at..).unwrap_or_default());
        text
    }

    /// Where an offset of the edited text was before; nothing inside of what an edit brought.
    pub(super) fn original(&self, path: &Utf8Path, offset: usize) -> Option<usize> {
        let (mut before, mut after) = (0, 0);
        for edit in self.files.get(path).into_iter().flatten() {
            let kept = edit.range.start - before;
            if offset <= after + kept && !(offset == after + kept && edit.range.is_empty()) {
                break;
            }
            let brought = after + kept..after + kept + edit.text.len();
            if brought.contains(&offset) && offset != brought.start {
                return None;
            }
            if offset == brought.start {
                return Some(edit.range.start);
            }
            (before, after) = (edit.range.end, brought.end);
        }
        Some(before + (offset - after))
    }

    /// An edit of the edited text as one of the original; nothing where it touches what an edit brought.
    pub(super) fn original_edit(&self, path: &Utf8Path, edit: Edit) -> Option<Edit> {
        let start = self.original(path, edit.range.start)?;
        let end = self.original(path, edit.range.end)?;
        (end >= start && end - start == edit.range.len()).then_some(Edit { range: start..end, text: edit.text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "0123456789";

    fn edits(all: &[(Range<usize>, &str)]) -> Edits {
        let mut edits = Edits::default();
        for (range, text) in all {
            edits.add("f".into(), Edit { range: range.clone(), text: (*text).into() }).unwrap();
        }
        edits
    }

    #[test]
    fn edits_are_applied_in_their_order() {
        let edits = edits(&[(8..9, "X"), (2..4, ""), (5..5, "abc"), (0..0, "<")]);
        assert_eq!(edits.apply("f".into(), TEXT), "<014abc567X9");
        assert_eq!(edits.apply("g".into(), TEXT), TEXT);
    }

    #[test]
    fn edits_do_not_overlap() {
        let mut edits = edits(&[(2..4, "x")]);
        let mut add = |range: Range<usize>, text: &str| edits.add("f".into(), Edit { range, text: text.into() });
        assert_eq!(add(2..4, "x"), Ok(()));
        assert_eq!(add(2..4, "y"), Err(()));
        assert_eq!(add(3..6, "y"), Err(()));
        assert_eq!(add(3..3, "y"), Err(()));
        assert_eq!(add(4..4, "y"), Ok(()));
        assert_eq!(add(4..5, "z"), Ok(()));
        assert_eq!(edits.apply("f".into(), TEXT), "01xyz56789");
    }

    #[test]
    fn offsets_lead_back() {
        let edits = edits(&[(2..4, "x"), (6..6, "abc")]);
        let text = edits.apply("f".into(), TEXT);
        assert_eq!(text, "01x45abc6789");
        for (at, c) in text.char_indices() {
            let before = edits.original("f".into(), at);
            match c {
                'x' => assert_eq!(before, Some(2)),
                'b' | 'c' => assert_eq!(before, None, "{c}"),
                'a' => assert_eq!(before, Some(6)),
                _ => assert_eq!(before, TEXT.find(c), "{c}"),
            }
        }
        let edit = |range: Range<usize>| edits.original_edit("f".into(), Edit { range, text: String::new() });
        assert_eq!(edit(9..11).map(|edit| edit.range), Some(7..9));
        assert_eq!(edit(1..4), None, "over what was changed");
        assert_eq!(edit(4..9), None, "over what came in");
    }
}
