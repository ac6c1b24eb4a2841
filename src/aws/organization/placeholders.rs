//! Values that somebody was to fill in and did not.

use std::collections::BTreeSet;

/// Words of templates and examples.
const WORDS: [&str; 12] = [
    "replace",
    "change_me",
    "changeme",
    "change-me",
    "placeholder",
    "fixme",
    "todo",
    "xxxx",
    "your_",
    "your-",
    "account_id",
    "account-id",
];

/// The ids that AWS's documentation and templates use for "your account".
const EXAMPLES: [&str; 2] = ["123456789012", "012345678901"];

/// Whether an ARN, an id or a value still is what a template had in its place. `known` are ids that do exist.
pub(super) fn is_placeholder(text: &str, known: &BTreeSet<&str>) -> bool {
    let segments: Vec<&str> = text.split(':').collect();
    match &segments[..] {
        ["arn", _, _, _, account, ..] => {
            let is_word = matches!(&*account.to_ascii_lowercase(), "account" | "accountid");
            (is_word || is_unfilled(account)) && !known.contains(account)
        }
        // A policy variable is filled in by AWS.
        _ if text.contains("${aws:") => false,
        _ => is_unfilled(text) && !known.contains(text),
    }
}

/// Whether an id is a placeholder.
pub(super) fn is_unfilled(id: &str) -> bool {
    let lower = id.to_ascii_lowercase();
    let digits = id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit());
    if digits {
        return EXAMPLES.contains(&id) || id.bytes().all(|byte| Some(byte) == id.bytes().next());
    }
    let wrapped = |open: &str, close: &str| {
        id.strip_prefix(open).and_then(|rest| rest.strip_suffix(close)).is_some_and(|inner| {
            !inner.is_empty() && inner.chars().all(|c| c.is_ascii_alphanumeric() || "-_ ".contains(c))
        })
    };
    WORDS.iter().any(|word| lower.contains(word))
        || [("<", ">"), ("[", "]"), ("${", "}"), ("{{", "}}")].iter().any(|(open, close)| wrapped(open, close))
        // ou-xxxx-xxxxxxxx
        || (lower.contains("xxx") && lower.chars().all(|c| "ouraip-x".contains(c)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_filled_in_is_seen() {
        let known = BTreeSet::from(["000000000000"]);
        for left in [
            "arn:aws:iam::123456789012:root",
            "arn:aws:iam::ACCOUNT_ID:root",
            "arn:aws:iam::<account>:root",
            "arn:aws:iam::${Account}:root",
            "o-xxxxxxxxxx",
            "ou-xxxx-xxxxxxxx",
            "r-xxx",
            "REPLACE_ME",
            "111111111111",
            "[ORG ID]",
        ] {
            assert!(is_placeholder(left, &known), "{left}");
        }
        for filled in [
            "arn:aws:iam::*:root",
            "arn:aws:iam::210987654321:root",
            "arn:aws:iam::000000000000:root",
            "arn:aws:iam::${aws:PrincipalAccount}:root",
            "${aws:PrincipalAccount}",
            "o-a1b2c3d4e5",
            "ou-ab12-11111111",
            "r-ab12",
            "Account",
            "arn:aws:iam::…:root",
        ] {
            assert!(!is_placeholder(filled, &known), "{filled}");
        }
    }
}
