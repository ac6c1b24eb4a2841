//! Runs every check on the examples of its page and on its cases, through the program.
//!
//! An example is a one-file project that its check must flag or leave alone. A case is a folder with a project and
//! `expect.txt`: one line `check severity path:line` for each finding, none for a clean case. Only findings of the
//! folder's own check count, and of checks that `expect.txt` names. A case that is no project but what AWS hands out has the
//! program's arguments in `args`, in one line.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;

fn checks() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("checks")
}

/// The folders in a folder, by name; none if it is not there.
fn folders(of: &Path) -> Vec<(String, PathBuf)> {
    let Ok(entries) = fs::read_dir(of) else { return Vec::new() };
    let mut found: Vec<_> = entries
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.is_dir())
        .map(|path| (path.file_name().expect("a name").to_string_lossy().into_owned(), path))
        .collect();
    found.sort();
    found
}

/// The report on the project in a folder, by the arguments that stand in its file `args`.
fn report(folder: &Path) -> Value {
    let arguments = fs::read_to_string(folder.join("args")).unwrap_or_else(|_| "check . --root . --no-env".to_owned());
    let mut rootlint = Command::cargo_bin("rootlint").expect("the program is built");
    let output = rootlint
        .args(arguments.split_whitespace())
        .args(["--format", "json"])
        .current_dir(folder)
        .output()
        .expect("the program runs");
    let code = output.status.code();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(matches!(code, Some(0 | 1 | 3)), "{}: exit {code:?}: {errors}", folder.display());
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{}: {error} in {}", folder.display(), String::from_utf8_lossy(&output.stdout)));
    report
}

/// Check and line of each finding, and each error.
fn findings(report: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().expect("a string").to_owned();
    let findings = report["findings"].as_array().expect("findings");
    let mut lines: Vec<_> = findings
        .iter()
        .filter(|finding| finding["waived"].is_null())
        .map(|finding| {
            let location = &finding["location"];
            let (check, severity, path) =
                (text(&finding["check"]), text(&finding["severity"]), text(&location["path"]));
            let line = format!("{check} {severity} {path}:{}", location["start"]["line"]);
            (check, line)
        })
        .collect();
    // No case is meant to be broken.
    let errors = report["errors"].as_array().expect("errors");
    lines.extend(errors.iter().map(|error| (String::from("error"), format!("error {}", error["message"]))));
    lines.sort();
    lines
}

#[test]
fn cases_give_what_they_say() {
    let mut wrong = Vec::new();
    for (check, folder) in folders(&checks()) {
        for kind in ["flag", "clean"] {
            let cases = folders(&folder.join("cases").join(kind));
            if cases.is_empty() {
                wrong.push(format!("{check} has no {kind} case"));
            }
            for (name, case) in cases {
                let expect = fs::read_to_string(case.join("expect.txt")).expect("expect.txt");
                let mut expected: Vec<&str> = expect.lines().filter(|line| !line.trim().is_empty()).collect();
                expected.sort_unstable();
                assert_eq!(expected.is_empty(), kind == "clean", "{check}/{kind}/{name}: a wrong expect.txt");
                let named = expected.iter().filter_map(|line| line.split(' ').next());
                let named: BTreeSet<&str> = named.chain([check.as_str(), "error"]).collect();
                let found = findings(&report(&case));
                let found: Vec<&str> =
                    found.iter().filter(|(check, _)| named.contains(&**check)).map(|(_, line)| &**line).collect();
                if found != expected {
                    wrong.push(format!("{check}/{kind}/{name}\n  expected {expected:?}\n  found    {found:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The examples of a page: language, whether flagged, text.
fn examples(page: &str) -> Vec<(&str, bool, &str)> {
    let blocks = page.split("\n```").skip(1).step_by(2);
    blocks
        .filter_map(|block| {
            let (tag, text) = block.split_once('\n')?;
            let (language, verdict) = tag.split_once(' ')?;
            Some((language, verdict == "flag", text))
        })
        .collect()
}

#[test]
fn examples_give_what_they_say() {
    let mut wrong = Vec::new();
    for (check, folder) in folders(&checks()) {
        let page = fs::read_to_string(folder.join("README.md")).expect("a page");
        let examples = examples(&page);
        for flag in [true, false] {
            assert!(examples.iter().any(|(_, flagged, _)| *flagged == flag), "{check}: no example with flag = {flag}");
        }
        for (index, (language, flagged, text)) in examples.into_iter().enumerate() {
            let is_events = folder.join("rule.sigma.yml").is_file();
            let file = match language {
                "json" if is_events => "events.json",
                "hcl" => "main.tf",
                "yaml" => "template.yaml",
                "json" => "template.json",
                "csv" => "report.csv",
                other => panic!("{check}: no such language, {other}"),
            };
            let project = tempfile::tempdir().expect("a folder");
            fs::write(project.path().join(file), text).expect("written");
            if language == "csv" {
                let arguments = "audit credential-report report.csv --now 2026-11-01";
                fs::write(project.path().join("args"), arguments).expect("written");
            }
            if is_events {
                fs::write(project.path().join("args"), "audit cloudtrail events.json").expect("written");
            }
            let found = findings(&report(project.path()));
            let broken = found.iter().any(|(found, _)| found == "error");
            if broken || found.iter().any(|(found, _)| *found == check) != flagged {
                wrong.push(format!(
                    "{check}, example {}: flagged must be {flagged}, found {found:?}\n{text}",
                    index + 1
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
