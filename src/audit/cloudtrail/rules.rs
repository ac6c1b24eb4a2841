//! Sigma rules of the user's own.

use std::collections::BTreeSet;
use std::sync::Arc;

use camino::Utf8PathBuf;

use super::{LOGS, Outcome, Seeker};
use crate::files::normalize;
use crate::finding::Diagnostic;
use crate::named::walk::{self, inputs};
use crate::sigma;
use crate::source::{FileId, Span};

/// The largest file of rules.
const MAX_BYTES: u64 = 8 << 20;

/// Adds the rules in what is named: files, and files of YAML in folders.
///
/// # Errors
/// In words, when something named does not exist.
pub(super) fn load(named: &[Utf8PathBuf], seekers: &mut Vec<Seeker>, outcome: &mut Outcome) -> Result<(), String> {
    if let Some(stdin) = named.iter().find(|path| *path == "-") {
        return Err(format!("--sigma {stdin}: rules are read from files"));
    }
    let (files, left) = inputs(named).map_err(|error| format!("--sigma {error}"))?;
    for (name, error) in left.unreadable {
        let file = outcome.sources.file(&name);
        outcome.findings.error(Diagnostic::new("file-unreadable", error, Span::start_of(file)));
    }
    let mut ids: BTreeSet<Arc<str>> = BTreeSet::new();
    let mut others: Option<(FileId, usize)> = None;
    for input in files {
        if !input.is_named && !matches!(input.name.extension(), Some("yml" | "yaml")) {
            continue;
        }
        let text = match text(&input) {
            Ok(text) => text,
            Err(error) => {
                let file = outcome.sources.file(&input.name);
                let code = if error.is_empty() { "not-utf8" } else { "file-unreadable" };
                let message = if error.is_empty() { "is not UTF-8 text".to_owned() } else { error };
                outcome.findings.error(Diagnostic::new(code, message, Span::start_of(file)));
                continue;
            }
        };
        // The report shows where an error is, wherever the file lies.
        let file = match normalize(&input.name) {
            Some(inner) => {
                outcome.files.insert(&*inner, &text);
                outcome.sources.file(&inner)
            }
            None => outcome.sources.virtual_file(input.name.as_str(), &text),
        };
        let parsed = sigma::parse(&text, file, input.name.file_stem().unwrap_or("rule"), LOGS);
        if parsed.others > 0 {
            others.get_or_insert((file, 0)).1 += parsed.others;
        }
        parsed.errors.into_iter().for_each(|error| outcome.findings.error(error));
        for rule in parsed.rules {
            if ids.insert(Arc::clone(&rule.id)) {
                seekers.push(Seeker { rule, check: None });
            } else {
                let message = format!("there is another rule with the id {}: this one is not run", rule.id);
                outcome.findings.error(Diagnostic::new("sigma-invalid", message, rule.span));
            }
        }
    }
    if let Some((file, count)) = others {
        let message =
            format!("{count} Sigma rules are for other logs than those of aws and cloudtrail: they are left out");
        outcome.findings.note(Diagnostic::new("sigma-other-logs", message, Span::start_of(file)));
    }
    Ok(())
}

/// The text of a file; an empty error says that it is not UTF-8.
fn text(input: &walk::Input) -> Result<String, String> {
    use std::io::Read;
    let mut bytes = Vec::new();
    let file = input.open().map_err(|error| error.to_string())?;
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(crate::files::FileError::TooLarge(MAX_BYTES).to_string());
    }
    String::from_utf8(bytes).map_err(|_| String::new())
}
