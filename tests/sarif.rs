//! The SARIF of whole runs: valid by the official schema, and within what GitHub takes.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use assert_cmd::Command;
use rootlint::checks;
use serde_json::Value;

mod sarif_schema;

/// The log of a run in a folder, which is valid.
fn log(folder: &Path) -> Value {
    run(folder, &["check", ".", "--root", ".", "--no-env"])
}

fn run(folder: &Path, arguments: &[&str]) -> Value {
    let mut rootlint = Command::cargo_bin("rootlint").unwrap();
    let run = rootlint.args(arguments).args(["--format", "sarif"]).current_dir(folder);
    let output = run.output().unwrap();
    assert!(matches!(output.status.code(), Some(0 | 1 | 3)), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    sarif_schema::assert_valid(&text);
    serde_json::from_str(&text).unwrap()
}

fn results(log: &Value) -> &Vec<Value> {
    log.pointer("/runs/0/results").unwrap().as_array().unwrap()
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    let found = value.pointer(pointer).and_then(Value::as_str);
    assert!(found.is_some(), "{pointer} in {value}");
    found.unwrap()
}

/// What GitHub wants of each result beyond the schema.
fn assert_taken(log: &Value) {
    let rules = log.pointer("/runs/0/tool/driver/rules").unwrap().as_array().unwrap();
    for rule in rules {
        for pointer in ["/id", "/shortDescription/text", "/fullDescription/text", "/help/text", "/help/markdown"] {
            assert!(!text(rule, pointer).is_empty(), "{pointer}");
        }
        assert!(text(rule, "/shortDescription/text").chars().count() <= 1024);
        assert!(text(rule, "/fullDescription/text").chars().count() <= 1024);
        let severity: f64 = text(rule, "/properties/security-severity").parse().unwrap();
        assert!(
            [(0.1, 3.9), (4.0, 6.9), (7.0, 8.9), (9.1, 10.0)]
                .iter()
                .any(|(from, to)| (*from..=*to).contains(&severity))
        );
        let tags = rule.pointer("/properties/tags").unwrap().as_array().unwrap();
        assert!(tags.contains(&Value::from("security")) && tags.len() <= 20);
    }
    for result in results(log) {
        assert_eq!(result.pointer("/locations").unwrap().as_array().unwrap().len(), 1);
        let uri = text(result, "/locations/0/physicalLocation/artifactLocation/uri");
        assert!(
            !uri.is_empty() && !uri.starts_with('/') && !uri.contains("..") && !uri.contains(['<', ':', ' ']),
            "{uri}"
        );
        assert!(!text(result, "/partialFingerprints/rootlint~1v1").is_empty());
        let related = result.get("relatedLocations").and_then(Value::as_array).map_or(0, Vec::len);
        assert!(related <= 100);
        for id in 1..=related.min(10) {
            assert!(text(result, "/message/text").contains(&format!("]({id})")), "{result}");
        }
        let index = result.get("ruleIndex").unwrap().as_u64().unwrap() as usize;
        assert_eq!(text(rules.get(index).unwrap(), "/id"), text(result, "/ruleId"));
    }
    let id = text(log, "/runs/0/automationDetails/id");
    assert!(id.len() > 1 && id.ends_with('/'), "{id}");
}

#[test]
fn one_of_each_check() {
    for check in checks::ALL {
        let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("checks").join(check.id).join("cases/flag");
        let mut folders: Vec<_> = std::fs::read_dir(cases).unwrap().map(|entry| entry.unwrap().path()).collect();
        folders.sort();
        let folder = folders.first().unwrap();
        let log = match std::fs::read_to_string(folder.join("args")) {
            Ok(arguments) => run(folder, &arguments.split_whitespace().collect::<Vec<_>>()),
            Err(_) => log(folder),
        };
        assert!(results(&log).iter().any(|result| text(result, "/ruleId") == check.id), "{}", check.id);
        assert_taken(&log);
        let absence = check.meta().unwrap().0.absence;
        for result in results(&log).iter().filter(|result| text(result, "/ruleId") == check.id) {
            let own = result.pointer("/partialFingerprints/primaryLocationLineHash").is_some();
            assert_eq!(own, absence, "GitHub makes a hash of the lines unless the lines do not matter");
        }
    }
}

#[test]
fn odd_names_line_ends_and_empty_files() {
    let folder = tempfile::tempdir().unwrap();
    let key = "resource \"aws_iam_access_key\" \"ключ\" {\r\n  user = \"root\" # 日本\r\n}\r\n";
    std::fs::create_dir_all(folder.path().join("a b%20#é")).unwrap();
    std::fs::write(folder.path().join("a b%20#é/main file.tf"), key).unwrap();
    std::fs::write(folder.path().join("a b%20#é/empty.tf"), "").unwrap();
    let log = log(folder.path());
    assert_taken(&log);
    let result = results(&log).first().unwrap();
    let place = result.pointer("/locations/0/physicalLocation").unwrap();
    assert_eq!(text(place, "/artifactLocation/uri"), "a%20b%2520%23%C3%A9/main%20file.tf");
    let region = place.get("region").unwrap();
    assert_eq!(
        (region.get("startLine").unwrap(), region.get("startColumn").unwrap()),
        (&Value::from(2), &Value::from(10))
    );
}

#[test]
fn nothing_but_errors() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("main.tf"), "resource {{{").unwrap();
    let log = log(folder.path());
    assert!(results(&log).is_empty());
    let invocation = log.pointer("/runs/0/invocations/0").unwrap();
    assert_eq!(invocation.get("executionSuccessful").unwrap(), &Value::from(false));
    assert_eq!(text(invocation, "/toolExecutionNotifications/0/level"), "error");
    assert_taken(&log);
}

#[test]
fn an_empty_folder() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(folder.path());
    assert!(results(&log).is_empty());
    assert_taken(&log);
}

/// GitHub cannot show a result in a link, and nothing out of the repository is its business.
#[cfg(unix)]
#[test]
fn a_linked_file_is_shown_where_it_is() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("repository");
    std::fs::create_dir_all(root.join("dev")).unwrap();
    std::fs::create_dir_all(root.join("common")).unwrap();
    let key = "resource \"aws_iam_access_key\" \"k\" {\n  user = \"root\"\n}\n";
    std::fs::write(root.join("common/main.tf"), key).unwrap();
    std::fs::write(folder.path().join("outside.tf"), key).unwrap();
    symlink("../common/main.tf", root.join("dev/main.tf")).unwrap();
    symlink("../../outside.tf", root.join("dev/outside.tf")).unwrap();
    let log = log(&root);
    assert_taken(&log);
    let uris: Vec<&str> =
        results(&log).iter().map(|result| text(result, "/locations/0/physicalLocation/artifactLocation/uri")).collect();
    assert_eq!(uris, ["common/main.tf"]);
}
