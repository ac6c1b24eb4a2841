//! What the report says of monitors of root: each way of being wrong has words of its own, each right one has none.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

use std::fmt::Write;
use std::fs;
use std::path::Path;

use assert_cmd::Command;
use serde_json::Value;

/// The report on a project.
fn report(folder: &Path) -> Value {
    let mut rootlint = Command::cargo_bin("rootlint").expect("the program is built");
    rootlint.args(["check", ".", "--root", ".", "--no-env", "--only", "unmonitored-root-activity", "--format", "json"]);
    let output = rootlint.current_dir(folder).output().expect("the program runs");
    serde_json::from_slice(&output.stdout).expect("a report")
}

fn texts<'r>(report: &'r Value, part: &str) -> Vec<&'r Value> {
    report[part].as_array().expect("a list").iter().collect()
}

/// What the report says, with the characters that each finding points at.
fn told(folder: &Path) -> String {
    let report = report(folder);
    let mut text = String::new();
    for finding in texts(&report, "findings") {
        let place = |end: &str| &finding["location"][end];
        let (severity, confidence) = (finding["severity"].as_str(), finding["confidence"].as_str());
        let message = finding["message"].as_str().expect("a text");
        let source = fs::read_to_string(folder.join(finding["location"]["path"].as_str().expect("a path")));
        let line = place("start")["line"].as_u64().expect("a line") as usize;
        let from = place("start")["column"].as_u64().expect("a column") as usize;
        let to = place("end")["column"].as_u64().expect("a column") as usize;
        let shown: String = match place("end")["line"].as_u64() == Some(line as u64) {
            true => {
                let source = source.expect("readable");
                let line = source.lines().nth(line - 1).expect("the line");
                line.chars().skip(from - 1).take(to - from).collect()
            }
            false => "(several lines)".into(),
        };
        let head = format!("{} {} at {line}: {shown}", severity.expect("a word"), confidence.expect("a word"));
        writeln!(text, "  {head}\n    {message}").expect("written");
    }
    for question in texts(&report, "undecided") {
        writeln!(text, "  undecided: {}", question["message"].as_str().expect("a text")).expect("written");
    }
    for note in texts(&report, "notes") {
        let (code, message) = (note["code"].as_str().expect("a code"), note["message"].as_str().expect("a text"));
        if code.starts_with("monitor") {
            writeln!(text, "  {code}: {message}").expect("written");
        }
    }
    text
}

fn cases(kind: &str) -> Vec<(String, String)> {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("checks/unmonitored-root-activity/cases").join(kind);
    let mut folders: Vec<_> =
        fs::read_dir(cases).expect("cases").map(|entry| entry.expect("readable").path()).collect();
    folders.sort();
    let name = |folder: &Path| folder.file_name().expect("a name").to_string_lossy().into_owned();
    folders.iter().map(|folder| (name(folder), told(folder))).collect()
}

fn all(kind: &str) -> String {
    cases(kind).into_iter().map(|(name, told)| format!("{name}\n{told}")).collect()
}

#[test]
fn each_way_of_being_wrong_is_explained() {
    insta::assert_snapshot!(all("flag"));
}

#[test]
fn what_works_is_told_apart_only_in_notes() {
    insta::assert_snapshot!(all("clean"));
}
