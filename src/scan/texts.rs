//! The files of the scan, for what configurations run.

use camino::Utf8Path;

use crate::files::{Files, Kind, normalize};
use crate::resource::Texts;
use crate::source::{Sources, Span};
use crate::text::Text;

/// The largest file that is read as a script.
const MAX_BYTES: u64 = 4 << 20;

/// Reads scripts through the one seam to the file system.
pub(super) struct ScannedTexts<'t> {
    pub(super) files: &'t dyn Files,
    pub(super) sources: &'t Sources,
}

impl Texts for ScannedTexts<'_> {
    fn text(&self, path: &str) -> Option<Text> {
        let (real, kind) = self.files.resolve(&normalize(Utf8Path::new(path))?).ok()?;
        let bytes = (kind == Kind::File).then(|| self.files.read(&real, MAX_BYTES))?.ok()?;
        let text = String::from_utf8(bytes).ok()?;
        let span = Span::new(self.sources.file(&real), 0, text.len());
        Some(Text::literal(text, Some(span), true))
    }

    fn files(&self, folder: &str) -> Vec<String> {
        let Some(folder) = normalize(Utf8Path::new(folder)) else { return Vec::new() };
        let entries = self.files.list(&folder).map(|listing| listing.entries).unwrap_or_default();
        let files = entries.into_iter().filter(|entry| entry.kind == Kind::File);
        files.map(|entry| folder.join(entry.name).into_string()).collect()
    }
}
