//! What makes a finding the same finding tomorrow.

use std::collections::BTreeMap;
use std::fmt::Write;

use camino::Utf8Path;
use sha2::{Digest, Sha256};

/// What a fingerprint is made of: nothing in it changes when lines move or a file is renamed in its folder.
#[derive(Debug)]
pub struct Identity<'a> {
    /// The check's id.
    pub check: &'a str,
    /// The path of the primary place; only its folder counts.
    pub path: &'a Utf8Path,
    /// The block's address.
    pub resource: &'a str,
    /// What is written at the primary place; nothing for a finding about something missing, whose anchor may move.
    pub written: &'a str,
}

/// Makes fingerprints; equal ones are numbered in the order in which they are asked for.
#[derive(Debug, Default)]
pub struct Fingerprints {
    seen: BTreeMap<String, u32>,
}

impl Fingerprints {
    /// The fingerprint of a finding: 16 bytes in hexadecimal, and `:2`, `:3` for further findings that are alike.
    pub fn next(&mut self, identity: &Identity<'_>) -> String {
        let folder = identity.path.parent().unwrap_or(Utf8Path::new(""));
        let resource = without_keys(identity.resource);
        let written: Vec<&str> = identity.written.split_whitespace().collect();
        let mut hash = Sha256::new();
        for part in [identity.check, folder.as_str(), &resource, &written.join(" ")] {
            // Lengths keep "ab" + "c" apart from "a" + "bc".
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
        let mut print = String::with_capacity(32);
        for byte in hash.finalize().iter().take(16) {
            // Writing to a string cannot fail.
            let _ = write!(print, "{byte:02x}");
        }
        let count = self.seen.entry(print.clone()).and_modify(|count| *count += 1).or_insert(1);
        if *count > 1 { format!("{print}:{count}") } else { print }
    }
}

/// An address without instance keys: `module.a["x"].aws_iam_user.u[0]` is `module.a.aws_iam_user.u`.
fn without_keys(address: &str) -> String {
    let mut out = String::with_capacity(address.len());
    let (mut depth, mut quoted, mut escaped) = (0_u32, false, false);
    for c in address.chars() {
        if depth == 0 {
            if c == '[' {
                depth = 1
            } else {
                out.push(c)
            }
            continue;
        }
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '[' if !quoted => depth += 1,
            ']' if !quoted => depth -= 1,
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(path: &str, resource: &str, written: &str) -> String {
        Fingerprints::default().next(&Identity { check: "c", path: path.into(), resource, written })
    }

    #[test]
    fn it_survives_renames_and_layout_but_not_a_new_value() {
        let one = print("a/main.tf", "aws_iam_access_key.k", "\"root\"");
        assert_eq!(one.len(), 32);
        assert_eq!(one, print("a/other.tf", "aws_iam_access_key.k[0]", " \"root\"\n"));
        assert_ne!(one, print("b/main.tf", "aws_iam_access_key.k", "\"root\""));
        assert_ne!(one, print("a/main.tf", "aws_iam_access_key.k", "\"admin\""));
        assert_ne!(one, print("a/main.tf", "aws_iam_access_key.j", "\"root\""));
    }

    #[test]
    fn keys_are_left_out() {
        assert_eq!(without_keys(r#"module.a["x]\"["].aws_iam_user.u[0]"#), "module.a.aws_iam_user.u");
    }

    #[test]
    fn equal_ones_are_numbered() {
        let mut prints = Fingerprints::default();
        let identity = Identity { check: "c", path: "a.tf".into(), resource: "r", written: "" };
        let first = prints.next(&identity);
        assert_eq!(prints.next(&identity), format!("{first}:2"));
        assert_eq!(prints.next(&identity), format!("{first}:3"));
    }
}
