//! Patterns that no event of CloudTrail matches, and which of their parts is to blame.

use serde_json::Value as Json;

use super::answer::Answer;
use super::event::Found;
use super::event_pattern::EventPattern;
use super::events::{self, Event};
use super::filter_pattern::{FilterPattern, PatternError};
use super::seen::{Break, Seen};
use crate::value::Value;

/// What a pattern that was not read means for every event.
pub fn refused(error: &PatternError, called: &str, value: &Value) -> Seen {
    match error {
        PatternError::Unknown(reason) => Seen::Unsure(reason.clone()),
        PatternError::Refused { message, span } => {
            let why = format!("AWS refuses the pattern of {called}: {message}");
            Seen::No(Break::always(why, span.or(value.origin.place())))
        }
    }
}

/// What keeps a filter pattern from ever matching an event of CloudTrail: nothing if some may match.
pub fn filter(pattern: &FilterPattern) -> Option<Break> {
    let FilterPattern::Json(expression) = pattern else { return None };
    let kinds = events::kinds();
    if kinds.iter().any(|kind| expression.matches(&kind.record) != Answer::No) {
        return None;
    }
    let nearest =
        kinds.iter().map(|kind| (kind, expression.failing(&kind.record))).min_by_key(|(_, failing)| failing.len());
    let (kind, failing) = nearest?;
    let test = failing.first()?;
    let found = Found::of(&kind.record).at(&test.field.path);
    let is = described(found.first().copied(), kind, &test.field.to_string());
    Some(Break::always(format!("no event matches `{test}`: {is}"), test.value_span.or(test.span)))
}

/// The same for an event pattern.
pub fn event_pattern(pattern: &EventPattern) -> Option<Break> {
    let finding = events::guardduty(None);
    let kinds = || events::kinds().iter().chain([&finding]);
    if kinds().any(|kind| pattern.matches(&kind.envelope) != Answer::No) {
        return None;
    }
    let nearest = kinds().map(|kind| (kind, pattern.failing(&kind.envelope))).min_by_key(|(_, failing)| failing.len());
    let (kind, failing) = nearest?;
    let first = failing.first()?;
    let found = first.path.iter().fold(Found::of(&kind.envelope), |found, name| found.field(name));
    let path = first.path.join(".");
    let is = described(Some(found), kind, &path);
    Some(Break::always(format!("no event matches what the pattern says of `{path}`: {is}"), first.span))
}

/// What a field of a kind of events really is.
fn described(found: Option<Found<'_>>, kind: &Event, field: &str) -> String {
    let is = match found {
        None | Some(Found::Missing) => return format!("{} has no `{field}`", kind.title),
        Some(Found::Known(Json::String(text))) => format!("is \"{text}\""),
        Some(Found::Known(other)) => match other {
            Json::Object(_) => "is an object".into(),
            other => format!("is {other}"),
        },
        Some(Found::Any(domain)) => format!("is {}", domain.describe()),
    };
    format!("in {} it {is}", kind.title)
}
