//! What the report says of everything that does not suffice: each form has words of its own.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

use std::fmt::Write;
use std::fs;
use std::path::Path;

use assert_cmd::Command;
use serde_json::Value;

/// The messages and notes about one case.
fn told(folder: &Path) -> String {
    let mut rootlint = Command::cargo_bin("rootlint").expect("the program is built");
    rootlint.args(["check", ".", "--root", ".", "--no-env", "--only", "unrotated-access-key", "--format", "json"]);
    let output = rootlint.current_dir(folder).output().expect("the program runs");
    let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
    let mut text = String::new();
    for finding in report["findings"].as_array().expect("findings") {
        let (confidence, message) = (&finding["confidence"], &finding["message"]);
        let (confidence, message) = (confidence.as_str().expect("a word"), message.as_str().expect("a text"));
        writeln!(text, "  {confidence}: {message}").expect("written");
    }
    for note in report["notes"].as_array().expect("notes") {
        let (code, message) = (note["code"].as_str().expect("a code"), note["message"].as_str().expect("a text"));
        if matches!(code, "rotation-permission" | "rotation-elsewhere" | "key-creation-denied" | "user-creation-denied")
        {
            writeln!(text, "  note: {message}").expect("written");
        }
    }
    text
}

#[test]
fn what_falls_short_is_said_in_words_of_its_own() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("checks/unrotated-access-key/cases");
    let mut all = String::new();
    for kind in ["flag", "clean"] {
        let entries = fs::read_dir(cases.join(kind)).expect("cases");
        let mut folders: Vec<_> = entries.map(|entry| entry.expect("readable").path()).collect();
        folders.sort();
        for folder in folders {
            let said = told(&folder);
            if !said.is_empty() {
                let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
                write!(all, "{kind}/{name}\n{said}").expect("written");
            }
        }
    }
    insta::assert_snapshot!(all);
}
