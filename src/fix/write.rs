//! A change as an edit of the file that it is about.

use camino::Utf8Path;

use super::edit::Edit;
use super::{hcl, tree};
use crate::finding::Change;

/// The edit that makes a change in the file of this path and text.
///
/// # Errors
/// Why there is none: the form is not one that can be edited, or the text does not stand there as expected.
pub(super) fn edit(change: &Change, path: &Utf8Path, text: &str) -> Result<Edit, String> {
    let is_hcl = matches!(path.extension(), Some("tf" | "tofu"));
    match change {
        Change::Text { span, was, text: to } => {
            let range = span.start as usize..span.end as usize;
            replace(text, range, was, to)
        }
        Change::Argument { of, name, value } if is_hcl => hcl::argument(text, *of, name, value),
        Change::Argument { of, name, value } => tree::argument(text, path, *of, name, value),
        Change::Resource { beside, kind, name, arguments } if is_hcl => {
            hcl::resource(text, *beside, kind, name, arguments)
        }
        Change::Resource { beside, kind, name, arguments } => {
            tree::resource(text, path, *beside, kind, name, arguments)
        }
    }
}

/// Whether a text stands for itself in every form a string is written in: HCL, JSON, YAML plain or quoted, and one inside
/// of the other.
pub(super) fn is_plain(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || ":*_./-".contains(c))
        && !text.ends_with(':')
}

/// Puts `to` in the place of `was`, which stands in `range` once and is no part of a longer word.
fn replace(text: &str, range: std::ops::Range<usize>, was: &str, to: &str) -> Result<Edit, String> {
    if !is_plain(to) || was.is_empty() {
        return Err("what is to stand there would have to be escaped".into());
    }
    let written = text.get(range.clone()).ok_or("the file is not as it was read")?;
    let found: Vec<usize> = written
        .match_indices(was)
        .map(|(at, _)| range.start + at)
        .filter(|at| stands_alone(text, *at, was.len()))
        .collect();
    match found[..] {
        [at] => Ok(Edit { range: at..at + was.len(), text: to.to_owned() }),
        [] => Err("what is to be changed is put together from parts, or written with escapes".into()),
        _ => Err("what is to be changed stands there more than once".into()),
    }
}

fn stands_alone(text: &str, at: usize, length: usize) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || "_-:*/$?".contains(c);
    let before = text.get(..at).and_then(|before| before.chars().next_back());
    let mut after = text.get(at + length..).unwrap_or_default().chars();
    let next = match (after.next(), after.next()) {
        // A key of YAML or HCL.
        (Some(':'), next) => next.is_some_and(|next| !next.is_whitespace()),
        (next, _) => next.is_some_and(is_word),
    };
    !before.is_some_and(is_word) && !next
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_replaced_where_it_stands_alone() {
        let replaced = |text: &str, was: &str, to: &str| replace(text, 0..text.len(), was, to).map(|edit| edit.range);
        assert_eq!(replaced(r#""Allow""#, "Allow", "Deny"), Ok(1..6));
        assert_eq!(replaced(r#"\"Effect\": \"Allow\""#, "Allow", "Deny"), Ok(14..19));
        assert_eq!(replaced("time_rotating.ci.id", "time_rotating.ci", "time_static.ci"), Ok(0..16));
        assert_eq!(replaced("StringEquals:\n  x: y", "StringEquals", "StringLike"), Ok(0..12));
        assert!(replaced("time_rotating.ci2", "time_rotating.ci", "time_static.ci").is_err());
        assert!(replaced("arn:aws:iam::root:x", "arn:aws:iam::root", "x").is_err());
        assert!(replaced("Allow Allow", "Allow", "Deny").is_err());
        assert!(replaced(r#""Al\u006cow""#, "Allow", "Deny").is_err());
        assert!(replaced("Allow", "Allow", "a\"b").is_err());
        assert!(replace("Allow", 3..9, "Allow", "Deny").is_err());
    }

    #[test]
    fn what_would_need_quotes_is_not_plain() {
        for plain in ["arn:*:iam::*:root", "Deny", "iam:CreateAccessKey", "time_static.x"] {
            assert!(is_plain(plain), "{plain}");
        }
        for other in ["", "*", "a b", "${x}", "a\"", "a:", "a#", "1", "a,b", "a\\b", "ä"] {
            assert!(!is_plain(other), "{other}");
        }
    }
}
