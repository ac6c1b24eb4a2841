//! What makes a finding the same finding tomorrow.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use camino::Utf8Path;
use sha2::{Digest, Sha256};

/// What a fingerprint is made of: nothing in it changes when lines move or a file is renamed in its folder.
#[derive(Debug)]
pub struct Identity<'a> {
    /// The check's id.
    pub check: &'a str,
    /// The folder of the project.
    pub folder: &'a Utf8Path,
    /// The block's address.
    pub resource: &'a str,
    /// What else tells it apart: [`Finding::discriminators`](crate::finding::Finding::discriminators).
    pub discriminators: &'a BTreeSet<String>,
}

/// Makes fingerprints; equal ones are numbered in the order in which they are asked for.
#[derive(Debug, Default)]
pub struct Fingerprints {
    seen: BTreeMap<String, u32>,
}

impl Fingerprints {
    /// The fingerprint of a finding: 16 bytes in hexadecimal, and `:2`, `:3` for further findings that are alike.
    pub fn next(&mut self, identity: &Identity<'_>) -> String {
        let resource = without_keys(identity.resource);
        let mut hash = Sha256::new();
        let parts = [identity.check, identity.folder.as_str(), &resource];
        for part in parts.into_iter().chain(identity.discriminators.iter().map(String::as_str)) {
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

    fn print(folder: &str, resource: &str, apart: &[&str]) -> String {
        let discriminators = apart.iter().map(|part| (*part).to_owned()).collect();
        let identity = Identity { check: "c", folder: folder.into(), resource, discriminators: &discriminators };
        Fingerprints::default().next(&identity)
    }

    #[test]
    fn it_is_of_the_folder_the_block_and_what_tells_apart() {
        let one = print("a", "aws_iam_access_key.k", &["root"]);
        assert_eq!(one.len(), 32);
        assert_eq!(one, print("a", "aws_iam_access_key.k[0]", &["root"]));
        assert_ne!(one, print("b", "aws_iam_access_key.k", &["root"]));
        assert_ne!(one, print("a", "aws_iam_access_key.k", &["admin"]));
        assert_ne!(one, print("a", "aws_iam_access_key.k", &["ro", "ot"]));
        assert_ne!(one, print("a", "aws_iam_access_key.j", &["root"]));
    }

    #[test]
    fn keys_are_left_out() {
        assert_eq!(without_keys(r#"module.a["x]\"["].aws_iam_user.u[0]"#), "module.a.aws_iam_user.u");
    }

    #[test]
    fn equal_ones_are_numbered() {
        let mut prints = Fingerprints::default();
        let none = BTreeSet::new();
        let identity = Identity { check: "c", folder: "".into(), resource: "r", discriminators: &none };
        let first = prints.next(&identity);
        assert_eq!(prints.next(&identity), format!("{first}:2"));
        assert_eq!(prints.next(&identity), format!("{first}:3"));
    }
}
