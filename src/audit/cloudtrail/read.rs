//! One file: its records, those that a rule fires for, and what cannot be read.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use super::object::{self, Object};
use super::split::{Found, MAX_RECORD, Place, Splitter};
use super::{MAX_GROUPS, Seeker};
use crate::aws::cloudtrail::{Event, Group, Key, Stand};
use crate::named::stream;
use crate::named::walk::Input;
use crate::sigma::Filter;
use crate::source::Position;

/// How many errors of one file are told of.
const MAX_ERRORS: usize = 10;

/// After so many objects and faults without an event among them a file is none of CloudTrail.
const PATIENCE: usize = 20;

/// What is looked for.
pub(super) struct Watched<'a> {
    pub(super) seekers: &'a [Seeker],
    pub(super) filter: &'a Filter,
}

/// What a file gave.
#[derive(Debug, Default)]
pub(super) struct FileResult {
    pub(super) groups: BTreeMap<Key, Group>,
    pub(super) more_groups: usize,
    pub(super) records: u64,
    /// Whether it holds events, or a list of none.
    pub(super) recognised: bool,
    pub(super) is_digest: bool,
    pub(super) errors: Vec<(&'static str, String, (Position, Position))>,
    pub(super) more_errors: usize,
    /// Why it cannot be read to its end.
    pub(super) broken: Option<(&'static str, String, Position)>,
}

/// Reads a file to its end, or to where it cannot be read any more.
pub(super) fn read_file(input: &Input, watched: &Watched<'_>) -> FileResult {
    let mut result = FileResult::default();
    let start = Position { line: 1, column: 1 };
    let file = match input.open() {
        Ok(file) => file,
        Err(error) => {
            result.broken = Some(("file-unreadable", error.to_string(), start));
            return result;
        }
    };
    match stream::open(file) {
        Ok(text) => read_text(Splitter::new(text), input, watched, &mut result),
        Err(error) => result.broken = Some(broken(&error, start)),
    }
    result
}

fn broken(error: &std::io::Error, at: Position) -> (&'static str, String, Position) {
    use std::io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    match error.kind() {
        UnexpectedEof => ("gzip-invalid", "the gzip data ends too early: what comes before is read".to_owned(), at),
        InvalidData | InvalidInput => {
            ("gzip-invalid", format!("the gzip data is damaged ({error}): what comes before is read"), at)
        }
        _ => ("file-unreadable", format!("cannot be read further: {error}"), at),
    }
}

fn read_text(mut text: Splitter<impl std::io::Read>, input: &Input, watched: &Watched<'_>, result: &mut FileResult) {
    // Objects and faults while it is not known that this is CloudTrail's.
    let mut strange = 0;
    while let Some(found) = text.next_found() {
        match found {
            Found::Record(place) => {
                result.records += 1;
                if !result.recognised || watched.filter.admits(text.bytes(place)) {
                    match object::read(text.bytes(place)) {
                        Ok(Object::Event(event)) => {
                            result.recognised = true;
                            result.seek(Event(&event), &mut text, place, input, watched);
                        }
                        Ok(Object::Digest) if !result.recognised => {
                            result.is_digest = true;
                            return;
                        }
                        Ok(_) => strange += 1,
                        Err(message) => {
                            strange += 1;
                            let at = text.positions(place);
                            result.error("cloudtrail-syntax", message, at);
                        }
                    }
                }
            }
            Found::Fault(at, message) => {
                strange += 1;
                result.error("cloudtrail-syntax", message.to_owned(), (at, at));
            }
            Found::TooLarge(at) => {
                strange += 1;
                let message = format!("this record is longer than {} MiB and is left out", MAX_RECORD >> 20);
                result.error("cloudtrail-too-large", message, (at, at));
            }
            Found::Broken(at, error) => result.broken = Some(broken(&error, at)),
        }
        if !result.recognised && strange >= PATIENCE {
            return;
        }
    }
    // A day on which nothing happened.
    result.recognised |= text.saw_list() && strange == 0;
}

impl FileResult {
    fn error(&mut self, code: &'static str, message: String, at: (Position, Position)) {
        if self.errors.len() < MAX_ERRORS {
            self.errors.push((code, message, at));
        } else {
            self.more_errors += 1;
        }
    }

    /// Adds an event to the groups of the rules that fire for it.
    fn seek(
        &mut self,
        event: Event<'_>,
        text: &mut Splitter<impl std::io::Read>,
        place: Place,
        input: &Input,
        watched: &Watched<'_>,
    ) {
        for (rule, seeker) in watched.seekers.iter().enumerate().filter(|(_, seeker)| seeker.rule.matches(event.0)) {
            let kind = seeker.check.map_or("", |(_, watch)| (watch.kind)(&event));
            let key = Key { rule, account: event.account().map(Arc::from), kind };
            let mut stand = || {
                let (start, end) = text.positions(place);
                Stand { path: Arc::clone(&input.name), start, end }
            };
            let room = self.groups.len() < MAX_GROUPS;
            match self.groups.entry(key) {
                Entry::Occupied(mut known) => known.get_mut().add(event, stand),
                Entry::Vacant(free) if room => {
                    let key = free.key().clone();
                    free.insert(Group::new(key, event, stand()));
                }
                Entry::Vacant(_) => self.more_groups += 1,
            }
        }
    }
}
