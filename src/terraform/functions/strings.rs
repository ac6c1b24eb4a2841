//! Strings: case, trimming, splitting and joining, searching.

use unicode_segmentation::UnicodeSegmentation;

use crate::document::Slices;
use crate::text::{Piece, Text};
use crate::value::{Kind, Value};

use super::pieces;
use super::regexes;
use super::spec::{
    Call, Failure, Function, MAX_TEXT, Wants, invalid, list, number, returns, string, text, text_value, too_large,
    typed,
};
use crate::types::Type;

type Outcome = Result<Value, Failure>;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("chomp", &[text("str").partial()], returns::text, chomp).of(0),
    Function::new("endswith", &[text("str").partial(), text("suffix")], returns::bool, endswith),
    Function::new("indent", &[number("spaces"), text("str").partial()], returns::text, indent).of(1),
    Function::new("join", &[text("separator").partial()], returns::text, join).rest(typed("lists", Wants::Texts)),
    Function::new("lower", &[text("str").partial()], returns::text, lower).of(0),
    Function::new("replace", &[text("str").partial(), text("substr"), text("replace")], returns::text, replace).of(0),
    Function::new("split", &[text("separator"), text("str")], returns::texts, split).of(1),
    Function::new("startswith", &[text("str").partial(), text("prefix")], returns::bool, startswith),
    Function::new("strcontains", &[text("str").partial(), text("substr")], returns::bool, strcontains),
    Function::new("strrev", &[text("str")], returns::text, strrev).of(0),
    Function::new("substr", &[text("str").partial(), number("offset"), number("length")], returns::text, substr).of(0),
    Function::new("title", &[text("str")], returns::text, title).of(0),
    Function::new("trim", &[text("str").partial(), text("cutset")], returns::text, trim).of(0),
    Function::new("trimprefix", &[text("str").partial(), text("prefix")], returns::text, trimprefix).of(0),
    Function::new("trimspace", &[text("str").partial()], returns::text, trimspace).of(0),
    Function::new("trimsuffix", &[text("str").partial(), text("suffix")], returns::text, trimsuffix).of(0),
    Function::new("upper", &[text("str").partial()], returns::text, upper).of(0),
];

/// The simple case mapping: one character for one character, as Go does it.
fn each_char(text: &str, mapped: impl Fn(char) -> Option<char>) -> String {
    text.chars().map(|c| mapped(c).unwrap_or(c)).collect()
}

fn to_upper(c: char) -> Option<char> {
    let mut mapped = c.to_uppercase();
    // A character whose full mapping is longer (ß) has no simple one.
    mapped.next().filter(|_| mapped.next().is_none())
}

fn to_lower(c: char) -> Option<char> {
    c.to_lowercase().next()
}

fn upper(call: &Call<'_>) -> Outcome {
    Ok(text_value(pieces::map(&call.text(0)?, |text| each_char(text, to_upper))))
}

fn lower(call: &Call<'_>) -> Outcome {
    Ok(text_value(pieces::map(&call.text(0)?, |text| each_char(text, to_lower))))
}

/// Upper case after everything that is no letter, digit or underscore.
fn title(call: &Call<'_>) -> Outcome {
    let text = call.str(0)?;
    let mut previous = ' ';
    let titled = text.chars().map(|c| {
        let separated = match previous {
            '_' => false,
            c if c.is_ascii() => !c.is_ascii_alphanumeric(),
            c => !c.is_alphanumeric() && c.is_whitespace(),
        };
        previous = c;
        if separated { to_upper(c).unwrap_or(c) } else { c }
    });
    Ok(string(titled.collect::<String>()))
}

/// Which ends of a string are trimmed.
#[derive(Clone, Copy, PartialEq)]
enum Ends {
    Both,
    Last,
}

/// Takes characters off the ends. Where an end is unknown, so is the result.
fn trim_ends(text: &Text, ends: Ends, drop: impl Fn(char) -> bool) -> Outcome {
    let trim_start = |text: &str| if ends == Ends::Both { text.trim_start_matches(&drop).len() } else { text.len() };
    if let Some(known) = text.as_str() {
        let start = known.len() - trim_start(&known);
        let end = known.trim_end_matches(&drop).len();
        let unchanged = start == 0 && end == known.len();
        return Ok(text_value(if unchanged { text.clone() } else { pieces::slice(text, start, end) }));
    }
    let flat = text.flattened();
    let (first, last) = (flat.pieces().next(), flat.pieces().last());
    let known = |piece: &Option<Piece>| match piece {
        Some(Piece::Literal(literal)) => literal.text.to_string(),
        _ => String::new(),
    };
    let (first, last) = (known(&first), known(&last));
    let (kept_first, kept_last) = (trim_start(&first), last.trim_end_matches(&drop).len());
    match text.unknown_part() {
        Some(unknown) if kept_last == 0 || (ends == Ends::Both && kept_first == 0) => Err(Failure::Unknown(unknown)),
        _ => {
            let start = pieces::skip(&flat, first.len() - kept_first);
            Ok(text_value(pieces::skip_back(&start, last.len() - kept_last)))
        }
    }
}

fn chomp(call: &Call<'_>) -> Outcome {
    trim_ends(&call.text(0)?, Ends::Last, |c| matches!(c, '\n' | '\r'))
}

fn trimspace(call: &Call<'_>) -> Outcome {
    trim_ends(&call.text(0)?, Ends::Both, char::is_whitespace)
}

fn trim(call: &Call<'_>) -> Outcome {
    let cutset = call.str(1)?;
    trim_ends(&call.text(0)?, Ends::Both, |c| cutset.contains(c))
}

/// Whether a string begins (or ends) with `affix`, given its known characters on that side and whether they are all.
fn affixed(text: &Text, known: &str, whole: bool, affix: &str, fits: fn(&str, &str) -> bool) -> Result<bool, Failure> {
    if fits(known, affix) {
        return Ok(true);
    }
    match text.unknown_part() {
        Some(unknown) if !whole && fits(affix, known) => Err(Failure::Unknown(unknown)),
        _ => Ok(false),
    }
}

fn has_prefix(text: &Text, prefix: &str) -> Result<bool, Failure> {
    let (known, whole) = text.known_prefix();
    affixed(text, &known, whole, prefix, |text, affix| text.starts_with(affix))
}

fn has_suffix(text: &Text, suffix: &str) -> Result<bool, Failure> {
    let (known, whole) = text.known_suffix();
    affixed(text, &known, whole, suffix, |text, affix| text.ends_with(affix))
}

fn startswith(call: &Call<'_>) -> Outcome {
    Ok(Value::bool(has_prefix(&call.text(0)?, &call.str(1)?)?))
}

fn endswith(call: &Call<'_>) -> Outcome {
    Ok(Value::bool(has_suffix(&call.text(0)?, &call.str(1)?)?))
}

fn trimprefix(call: &Call<'_>) -> Outcome {
    let (text, prefix) = (call.text(0)?, call.str(1)?);
    let cut = if has_prefix(&text, &prefix)? { prefix.len() } else { 0 };
    Ok(text_value(if cut > 0 { pieces::skip(&text, cut) } else { text }))
}

fn trimsuffix(call: &Call<'_>) -> Outcome {
    let (text, suffix) = (call.text(0)?, call.str(1)?);
    let cut = if has_suffix(&text, &suffix)? { suffix.len() } else { 0 };
    Ok(text_value(if cut > 0 { pieces::skip_back(&text, cut) } else { text }))
}

fn strcontains(call: &Call<'_>) -> Outcome {
    let (text, wanted) = (call.text(0)?.flattened(), call.str(1)?);
    if let Some(known) = text.as_str() {
        return Ok(Value::bool(known.contains(&*wanted)));
    }
    let found = |piece: Piece| matches!(piece, Piece::Literal(literal) if literal.text.contains(&*wanted));
    match text.unknown_part() {
        Some(unknown) if !text.pieces().any(found) => Err(Failure::Unknown(unknown)),
        _ => Ok(Value::bool(true)),
    }
}

fn strrev(call: &Call<'_>) -> Outcome {
    Ok(string(call.str(0)?.graphemes(true).rev().collect::<String>()))
}

/// Counts in grapheme clusters. A negative offset counts from the end, a negative length means the rest; with a
/// negative offset a length of zero does so too.
fn substr(call: &Call<'_>) -> Outcome {
    let text = call.text(0)?;
    let (offset, length) = (call.integer(1)?, call.integer(2)?);
    let (known, whole) = text.known_prefix();
    if let Some(unknown) = text.unknown_part().filter(|_| !whole) {
        // One more cluster must be known: what is unknown may combine with the last one.
        let needed = offset.checked_add(length).and_then(|end| usize::try_from(end).ok());
        let enough = needed.is_some_and(|needed| known.graphemes(true).count() > needed);
        if offset < 0 || length < 0 || !enough {
            return Err(Failure::Unknown(unknown));
        }
    }
    let starts: Vec<usize> = known.grapheme_indices(true).map(|(at, _)| at).collect();
    let byte = |cluster: usize| starts.get(cluster).copied().unwrap_or(known.len());
    let first = if offset < 0 { (starts.len() as i64).saturating_add(offset).max(0) } else { offset };
    let first = usize::try_from(first).unwrap_or(usize::MAX);
    let end = match usize::try_from(length) {
        Ok(0) if offset >= 0 => byte(first),
        Ok(length) if length > 0 => byte(first.saturating_add(length)),
        _ => known.len(),
    };
    Ok(text_value(pieces::slice(&text, byte(first), end)))
}

fn split(call: &Call<'_>) -> Outcome {
    let (separator, text) = (call.str(0)?, call.text(1)?);
    let known = call.str(1)?;
    let (cuts, origin) = (Slices::new(&text), &call.get(1)?.origin);
    let mut parts = Vec::new();
    let mut push = |start: usize, end: usize| {
        let part = if start < end { cuts.text(start..end) } else { Text::from("") };
        parts.push(text_value(part).with_origin(origin.clone()));
    };
    if separator.is_empty() {
        known.char_indices().for_each(|(at, c)| push(at, at + c.len_utf8()));
    } else {
        let mut start = 0;
        for (at, found) in known.match_indices(&*separator) {
            push(start, at);
            start = at + found.len();
        }
        push(start, known.len());
    }
    Ok(list(Type::Text, parts))
}

fn join(call: &Call<'_>) -> Outcome {
    let separator = call.text(0)?;
    let lists = call.from(1);
    if lists.is_empty() {
        return Err("at least one list is required".into());
    }
    let mut parts = Vec::new();
    let mut size = 0;
    for at in 1..=lists.len() {
        for (index, element) in call.elements(at)?.iter().enumerate() {
            let part = match &element.kind {
                Kind::Text(text) => text.clone(),
                Kind::Unknown(unknown) => Text::unknown(std::sync::Arc::clone(unknown)),
                _ => {
                    let list = if lists.len() > 1 { format!(" of list {at}") } else { String::new() };
                    let message = format!("element {index}{list} is null; cannot concatenate null values");
                    return Err(invalid(at, message));
                }
            };
            size += part.known_len() + separator.known_len();
            parts.push(part);
        }
    }
    if size > MAX_TEXT {
        return Err(too_large());
    }
    Ok(text_value(pieces::join(&parts, &separator)))
}

/// Puts `replacement` in the place of each range of the known text.
pub(super) fn substitute(text: &Text, matches: impl Iterator<Item = (usize, usize, String)>, length: usize) -> Outcome {
    let cuts = Slices::new(text);
    let mut parts = Vec::new();
    let (mut at, mut size) = (0, length);
    for (start, end, replacement) in matches {
        size += replacement.len();
        if size > MAX_TEXT {
            return Err(too_large());
        }
        if start > at {
            parts.push(cuts.text(at..start));
        }
        parts.push(pieces::computed(replacement));
        at = end;
    }
    if parts.is_empty() {
        return Ok(text_value(text.clone()));
    }
    if length > at {
        parts.push(cuts.text(at..length));
    }
    Ok(text_value(Text::concat(&parts)))
}

fn replace(call: &Call<'_>) -> Outcome {
    let (text, wanted, replacement) = (call.text(0)?, call.str(1)?, call.str(2)?);
    if wanted.len() > 1
        && let Some(pattern) = wanted.strip_prefix('/').and_then(|rest| rest.strip_suffix('/'))
    {
        return regexes::replace(&text, &call.str(0)?, pattern, &replacement);
    }
    match (text.as_str(), text.unknown_part()) {
        (Some(known), _) if wanted.is_empty() => {
            // Between all characters, and at both ends.
            let places = known.char_indices().map(|(at, _)| at).chain([known.len()]);
            substitute(&text, places.map(|at| (at, at, replacement.to_string())), known.len())
        }
        (Some(known), _) => {
            let matches = known.match_indices(&*wanted);
            substitute(&text, matches.map(|(at, found)| (at, at + found.len(), replacement.to_string())), known.len())
        }
        // A single character cannot lie partly in the unknown part.
        (None, Some(_)) if wanted.chars().count() == 1 => {
            Ok(text_value(pieces::map(&text, |known| known.replace(&*wanted, &replacement))))
        }
        (None, Some(unknown)) => Err(Failure::Unknown(unknown)),
        (None, None) => Ok(text_value(text)),
    }
}

fn indent(call: &Call<'_>) -> Outcome {
    let spaces = usize::try_from(call.integer(0)?).map_err(|_| invalid(0, "must not be negative"))?;
    let text = call.text(1)?;
    let lines = |text: &str| text.matches('\n').count();
    let Some(known) = text.as_str() else {
        if spaces > 1024 {
            return Err(too_large());
        }
        let padding = " ".repeat(spaces);
        return Ok(text_value(pieces::map(&text, |known| known.replace('\n', &format!("\n{padding}")))));
    };
    if spaces.saturating_mul(lines(&known)) > MAX_TEXT {
        return Err(too_large());
    }
    let padding = if lines(&known) > 0 { " ".repeat(spaces) } else { String::new() };
    let places = known.match_indices('\n').map(|(at, _)| (at + 1, at + 1, padding.clone()));
    substitute(&text, places, known.len())
}
