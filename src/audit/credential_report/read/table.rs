//! The report as AWS writes it: comma-separated values with a header. Columns are found by their names, since older
//! reports have fewer and people take some out.

use std::sync::Arc;

use super::{Complaints, FORM, active, date};
use crate::aws::credential_report::{CredentialReport, Credentials, Key, ROOT, Said, What};
use crate::finding::{Diagnostic, Findings};
use crate::source::Span;
use crate::syntax::csv::{Cell, Record, records};

/// Columns that are asked for, each slot's with its number in place of `#`.
const ACTIVE: &str = "access_key_#_active";
const ROTATED: &str = "access_key_#_last_rotated";
const USED: &str = "access_key_#_last_used_date";

/// Says that there are more keys than the two in the report.
const MORE: &str = "additional_credentials_info";

/// What may stand between cells: spreadsheets write what the language of the system asks for.
const DELIMITERS: [char; 3] = [',', ';', '\t'];

/// The separator of a text that starts as a credential report does.
pub(super) fn delimiter(text: &str, base: Span) -> Option<char> {
    DELIMITERS
        .into_iter()
        .find(|delimiter| records(text, base, *delimiter).next().is_some_and(|first| is_header(&first)))
}

fn name(cell: &Cell) -> String {
    cell.text.trim().to_ascii_lowercase()
}

/// A header names the user in one way, and at least one more column of a credential report.
fn is_header(record: &Record) -> bool {
    let names: Vec<String> = record.cells.iter().map(name).collect();
    let is_known = |name: &str| {
        ["access_key_", "password_", "cert_", "mfa_active", "user_creation_time"]
            .iter()
            .any(|start| name.starts_with(start))
    };
    let is_user = |name: &str| matches!(name, "user" | "arn");
    names.iter().any(|name| is_known(name)) && names.iter().any(|name| is_user(name))
        || names.iter().filter(|name| is_known(name)).count() > 2
}

/// The reports in a text; several may have been put one after another.
pub(super) fn read(text: &str, base: Span, delimiter: char, out: &mut Findings) -> Vec<CredentialReport> {
    let mut found: Vec<CredentialReport> = Vec::new();
    let mut columns = Columns::default();
    let mut wrong = Complaints::default();
    for record in records(text, base, delimiter) {
        if is_header(&record) {
            columns = Columns::of(&record, out);
            found.push(CredentialReport {
                span: record.span,
                encoded: None,
                generated: None,
                whole: true,
                users: Vec::new(),
                root_keys: None,
            });
        } else if let Some(report) = found.last_mut() {
            report.users.extend(columns.user(&record, &mut |message, span| {
                wrong.add(Diagnostic::new(FORM, message, span), out);
            }));
        }
    }
    wrong.finish(base, out);
    found
}

/// Where each column is.
#[derive(Debug, Default)]
struct Columns {
    user: Option<usize>,
    arn: Option<usize>,
    slots: [Slot; 2],
    more: Option<usize>,
    count: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    active: Option<usize>,
    rotated: Option<usize>,
    used: Option<usize>,
}

impl Columns {
    fn of(header: &Record, out: &mut Findings) -> Self {
        let names: Vec<String> = header.cells.iter().map(name).collect();
        let mut wrong = |message: String, span: Span| out.error(Diagnostic::new(FORM, message, span));
        if let Some(problem) = &header.problem {
            wrong(problem.message.clone(), problem.span);
        }
        let mut find = |column: &str| {
            let mut all = names.iter().enumerate().filter(|(_, known)| *known == column);
            let first = all.next()?.0;
            let Some((second, _)) = all.next() else { return Some(first) };
            let span = header.cells.get(second).map_or(header.span, |cell| cell.span);
            wrong(format!("the column `{column}` is there twice: which of them counts is not known"), span);
            None
        };
        let mut slot = |number: &str| {
            let mut find = |column: &str| find(&column.replace('#', number));
            Slot { active: find(ACTIVE), rotated: find(ROTATED), used: find(USED) }
        };
        let slots = [slot("1"), slot("2")];
        let columns = Self { user: find("user"), arn: find("arn"), slots, more: find(MORE), count: names.len() };
        let mut needed = |column: String, found: bool, unknown: &str| {
            if !found && !names.contains(&column) {
                wrong(format!("the column `{column}` is missing: {unknown}"), header.span);
            }
        };
        needed("user".into(), columns.user.or(columns.arn).is_some(), "whose keys these are is not known");
        for (number, slot) in ["1", "2"].into_iter().zip(slots) {
            for (column, at, unknown) in [
                (ACTIVE, slot.active, "which keys are active is not known"),
                (ROTATED, slot.rotated, "how old the keys are is not known"),
                (USED, slot.used, "when the keys were used is not known"),
            ] {
                needed(column.replace('#', number), at.is_some(), unknown);
            }
        }
        columns
    }

    /// The user of a record. Of one that breaks off, what stands before the last cell is whole.
    fn user(&self, record: &Record, wrong: &mut dyn FnMut(String, Span)) -> Option<Credentials> {
        let cells = record.cells.len();
        let mut usable = cells;
        if let Some(problem) = &record.problem {
            wrong(problem.message.clone(), problem.span);
        } else if cells < self.count {
            let message = format!("this row ends after {cells} of {} cells: the rest is not known", self.count);
            wrong(message, record.span);
            usable = cells.saturating_sub(1);
        } else if cells > self.count {
            // Which cell belongs to which column cannot be told.
            let message = format!("this row has {cells} cells, but there are {} columns: it is left out", self.count);
            wrong(message, record.span);
            return None;
        }
        let cell = |at: Option<usize>| at.filter(|at| *at < usable).and_then(|at| record.cells.get(at));
        let text =
            |at: Option<usize>| cell(at).map(|cell| (cell.text.trim(), cell.span)).filter(|(text, _)| !text.is_empty());
        let arn = text(self.arn);
        let name = text(self.user).or(arn)?;
        let key = |slot: u8, at: &Slot| Key {
            slot,
            active: said(cell(at.active), record.span, active),
            rotated: said(cell(at.rotated), record.span, date),
            used: said(cell(at.used), record.span, date),
        };
        let [first, second] = &self.slots;
        let more = text(self.more).filter(|(text, _)| !text.eq_ignore_ascii_case("N/A"));
        let name_of_arn = |arn: &str| match arn.ends_with(":root") {
            true => ROOT.to_owned(),
            false => arn.rsplit('/').next().unwrap_or(arn).to_owned(),
        };
        let called = if self.user.is_some() { name.0.to_owned() } else { name_of_arn(name.0) };
        Some(Credentials {
            name: Arc::from(called),
            arn: arn.map(|(arn, _)| Arc::from(arn)),
            span: name.1,
            keys: [key(1, first), key(2, second)],
            more: more.map(|(text, span)| (Arc::from(text), span)),
        })
    }
}

fn said<T>(cell: Option<&Cell>, row: Span, read: impl Fn(&str) -> What<T>) -> Said<T> {
    match cell {
        Some(cell) => Said { what: read(&cell.text), span: cell.span },
        None => Said { what: What::Missing, span: row },
    }
}
