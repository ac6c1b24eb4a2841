//! What a person sees of each check, in a narrow and in a wide terminal: its first case, through the real program. After a
//! deliberate change run `INSTA_UPDATE=always cargo test --test terminal` and read the difference.

#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use assert_cmd::Command;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The first case of a check that gives a finding.
fn first_case(check: &str) -> PathBuf {
    let cases = root().join("checks").join(check).join("cases/flag");
    let mut folders: Vec<PathBuf> = std::fs::read_dir(cases).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    folders.remove(0)
}

/// What the program says in a folder; a file `args` there holds other arguments than `check`.
fn shown(folder: &Path, check: &str, columns: &str) -> String {
    let mut command = Command::cargo_bin("rootlint").unwrap();
    match std::fs::read_to_string(folder.join("args")) {
        Ok(arguments) => command.args(arguments.split_whitespace()),
        Err(_) => command.args(["check", "--root", ".", "--no-env", "--now", "2026-11-22"]),
    };
    command.args(["--only", check]).current_dir(folder).env("COLUMNS", columns).env("NO_COLOR", "1");
    let output = command.output().unwrap();
    assert!(output.stderr.is_empty(), "{check}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_check_is_shown_at_80_and_at_140_columns() {
    for check in rootlint::checks::ALL {
        let folder = first_case(check.id);
        for columns in ["80", "140"] {
            let text = shown(&folder, check.id, columns);
            insta::assert_snapshot!(format!("{}-{columns}", check.id), text);
            // Only source, places and words that cannot be broken may be wider.
            let width: usize = columns.parse().unwrap();
            for line in text.lines().filter(|line| line.chars().count() > width) {
                let is_source = line.trim_start().starts_with(|c: char| c.is_ascii_digit() || "|.-:".contains(c));
                let words = line.trim_start().trim_start_matches(['=', ' ']).split_whitespace();
                let is_one_word = words.map(|word| word.chars().count()).max().unwrap_or(0) * 2 > width;
                assert!(is_source || is_one_word || !line.contains("  "), "{}: {line}", check.id);
            }
        }
    }
}
