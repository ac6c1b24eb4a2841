//! `Key=Value` pairs, as the commands of AWS's tools take them: separated by white space, with quotes around what has
//! white space in it, or as `ParameterKey=Key,ParameterValue=Value`.

use std::ops::Range;

use super::Found;
use crate::source::Span;

/// Reads the pairs in `text`, which stands at `place`: byte for byte if that is as long as the text.
pub(super) fn read(text: &str, place: Span, found: &mut Found) {
    // A byte order mark before the text is part of the place only.
    let skipped = place.len().saturating_sub(text.len());
    let exact = skipped == 0 || skipped == '\u{feff}'.len_utf8();
    let span = |range: Range<usize>| match exact {
        true => place.slice(range.start + skipped, range.end + skipped),
        false => place,
    };
    for word in words(text) {
        let whole = span(word.range.clone());
        let pair = word.meant.split_once('=');
        let pair = match pair {
            Some(("ParameterKey", rest)) => rest.split_once(",ParameterValue="),
            pair => pair,
        };
        match pair.filter(|(name, _)| !name.is_empty()) {
            Some((name, value)) => {
                // Where nothing was quoted the value is what the word ends with.
                let raw = text.get(word.range.clone()).unwrap_or_default();
                let written = raw.ends_with(value).then(|| span(word.range.end - value.len()..word.range.end));
                found.add(name, value, written.unwrap_or(whole));
            }
            None => found.bad("this is no parameter: it has not the form `Key=Value`", whole),
        }
    }
}

/// A word: where it stands and what it is without its quotes.
struct Word {
    range: Range<usize>,
    meant: String,
}

fn words(text: &str) -> Vec<Word> {
    let mut found: Vec<Word> = Vec::new();
    let mut open: Option<Word> = None;
    let mut quote: Option<char> = None;
    let mut chars = text.char_indices().peekable();
    while let Some((at, char)) = chars.next() {
        if quote.is_none() && char.is_whitespace() {
            found.extend(open.take());
            continue;
        }
        // A comment takes the rest of a line.
        if quote.is_none() && open.is_none() && char == '#' {
            while chars.next_if(|(_, next)| *next != '\n').is_some() {}
            continue;
        }
        let word = open.get_or_insert_with(|| Word { range: at..at, meant: String::new() });
        word.range.end = at + char.len_utf8();
        match (quote, char) {
            (Some(mark), _) if mark == char => quote = None,
            (None, '"' | '\'') => quote = Some(char),
            (Some('"') | None, '\\') => {
                if let Some((next_at, next)) = chars.next_if(|(_, next)| matches!(next, '"' | '\\' | '\'' | ' ')) {
                    word.range.end = next_at + next.len_utf8();
                    word.meant.push(next);
                } else {
                    word.meant.push(char);
                }
            }
            _ => word.meant.push(char),
        }
    }
    found.extend(open);
    found
}
