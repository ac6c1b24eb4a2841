//! `rootlint check --fix`: what can be mended, shown or written.

use camino::Utf8PathBuf;

use crate::files::{Files, Overlay, rewrite};
use crate::fix::{Mended, Proposal, patch, propose};
use crate::input::Prepared;
use crate::report::{Item, Mending, Report};
use crate::scan::Outcome;
use crate::source::{Sources, Span};

/// A hidden string that is shorter stands in too many places.
const MIN_HIDDEN: usize = 4;

/// The report on a run with what would make its findings go away; if that is to be written, the report on what is left.
///
/// # Errors
/// In words, when a file cannot be written, or is not what was read: then none is.
pub(super) fn fixed(
    prepared: &Prepared,
    outcome: &Outcome,
    report: &dyn Fn(&Outcome, &dyn Files) -> Report,
    write: bool,
) -> Result<Report, String> {
    let files = &*prepared.files;
    let mut first = report(outcome, files);
    let proposal = propose(files, &prepared.options, outcome, report);
    let mended: Vec<Item> =
        proposal.mended.values().map(|mended| told(mended, &outcome.sources, files, &mut first)).collect();
    let patches = patches(&proposal, outcome, &first);
    let after = proposal.after.as_ref().filter(|_| write);
    let Some(after) = after else {
        for item in &mended {
            let found = first.findings.iter_mut().find(|found| found.fingerprint == item.fingerprint);
            if let Some(found) = found {
                found.mending.clone_from(&item.mending);
            }
        }
        refused(&mut first, &proposal);
        return Ok(Report { patches, ..first });
    };
    rewrite(&prepared.options.root, &proposal.files).map_err(|(path, error)| format!("{path}: {error}"))?;
    let contents = proposal.files.iter().map(|rewrite| (rewrite.path.clone(), rewrite.after.clone())).collect();
    let mut left = report(after, &Overlay::of(files, contents));
    refused(&mut left, &proposal);
    let mut mended = mended;
    mended.sort_by(|a, b| a.place.order().cmp(&b.place.order()));
    Ok(Report { patches, mended, ..left })
}

/// A finding with what makes it go away.
fn told(mended: &Mended, sources: &Sources, files: &dyn Files, report: &mut Report) -> Item {
    let mut edits = Vec::new();
    for (path, edit) in &mended.edits {
        let span = Span::new(sources.file(path), edit.range.start, edit.range.end);
        report.texts.load(span, sources, files);
        edits.push((report.texts.place(span), edit.text.clone()));
    }
    Item { mending: Some(Mending::Edits(mended.message.clone(), edits)), ..mended.item.clone() }
}

/// Says of findings that stay why they do.
fn refused(report: &mut Report, proposal: &Proposal) {
    for item in &mut report.findings {
        let why = proposal.refused.get(&item.fingerprint).filter(|_| item.mending.is_none());
        item.mending = item.mending.take().or_else(|| why.cloned().map(Mending::Refused));
    }
}

/// The patches, without what must not be shown.
fn patches(proposal: &Proposal, outcome: &Outcome, report: &Report) -> Vec<String> {
    let of = |path: &Utf8PathBuf| {
        let known = report.texts.get(outcome.sources.file(path));
        let hidden =
            known.into_iter().flat_map(|text| text.hidden.iter().filter_map(|range| text.text.get(range.clone())));
        hidden.filter(|hidden| hidden.len() >= MIN_HIDDEN).map(str::to_owned).collect::<Vec<_>>()
    };
    let shown = |rewrite| {
        let mut text = patch(rewrite);
        for hidden in of(&rewrite.path).iter().chain(&outcome.findings.secrets) {
            if hidden.len() >= MIN_HIDDEN {
                text = text.replace(hidden, "(sensitive)");
            }
        }
        text
    };
    proposal.files.iter().map(shown).collect()
}
