//! Waivers, baselines and what is new, through the program.

#![cfg(unix)]
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::process::Command;

use proptest::prelude::*;
use serde_json::Value;

const KEY: &str = "resource \"aws_iam_access_key\" \"root\" {\n  user = \"root\"\n}\n";
const WAIVED: &str = "resource \"aws_iam_access_key\" \"old\" {\n  user = \"root\" # rootlint: ignore[root-access-key] reason=\"known\" owner=\"ops\"\n}\n";

fn write(folder: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

fn git(folder: &Path, arguments: &[&str]) {
    let identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main"];
    let output = Command::new("git").args(identity).args(arguments).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A repository with these files in its one commit.
fn committed(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), files);
    git(folder.path(), &["init", "--quiet", "."]);
    commit(folder.path());
    folder
}

fn commit(folder: &Path) {
    git(folder, &["add", "--all", "--force"]);
    git(folder, &["commit", "--quiet", "--allow-empty", "--message", "m"]);
}

/// The exit code, and what is printed.
fn run(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let mut command = assert_cmd::Command::cargo_bin("rootlint").unwrap();
    let output = command.args(arguments).current_dir(folder).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(text).unwrap())
}

fn json(folder: &Path, arguments: &[&str]) -> (i32, Value) {
    let all = [&["check", "--format", "json", "--only", "root-access-key"], arguments].concat();
    let (code, text) = run(folder, &all);
    (code, serde_json::from_str(&text).unwrap_or_else(|error| panic_with(&format!("{error}: {text}"))))
}

#[allow(clippy::panic)]
fn panic_with(message: &str) -> Value {
    panic!("{message}")
}

/// Address, reason of the waiver and state of each finding.
fn findings(report: &Value) -> Vec<(String, Option<String>, Option<String>)> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let findings = report.get("findings").unwrap().as_array().unwrap();
    let one = |finding: &Value| {
        let reason = finding.pointer("/waived/reason").and_then(text);
        (text(finding.get("resource").unwrap()).unwrap(), reason, finding.get("state").and_then(text))
    };
    findings.iter().map(one).collect()
}

fn summary(report: &Value, key: &str) -> Value {
    report.pointer(&format!("/summary/{key}")).cloned().unwrap_or_default()
}

#[test]
fn a_waived_finding_is_counted_listed_and_fails_nothing() {
    let folder = committed(&[("main.tf", WAIVED)]);
    let (code, report) = json(folder.path(), &[]);
    assert_eq!(code, 0);
    let waived = ("aws_iam_access_key.old".to_owned(), Some("known".to_owned()), None);
    assert_eq!(findings(&report), [waived]);
    assert_eq!((summary(&report, "waived"), summary(&report, "findings/critical")), (1.into(), 0.into()));
    assert_eq!(report.pointer("/findings/0/waived/location/start/line").unwrap(), &Value::from(2));
    let (_, text) = run(folder.path(), &["check", "--only", "root-access-key"]);
    assert!(text.contains("waived: root-access-key at main.tf:2:10: known, ops (main.tf:2)"), "{text}");
    assert!(text.contains("No findings; 1 waived in"), "{text}");
    for format in ["github", "gitlab", "junit", "markdown", "sarif"] {
        let (code, text) = run(folder.path(), &["check", "--only", "root-access-key", "--format", format]);
        assert_eq!(code, 0);
        assert!(!text.contains("::error file") && !text.contains("<failure") && !text.contains("\"ruleId\""), "{text}");
    }
    let (_, text) = run(folder.path(), &["check", "--format", "sarif", "--sarif-include-waived"]);
    assert!(text.contains("\"suppressions\"") && text.contains("\"justification\": \"known\""), "{text}");
}

#[test]
fn waivers_run_out() {
    let dated = WAIVED.replace("owner", "until=2027-01-31 owner");
    let folder = committed(&[("main.tf", &dated)]);
    for (now, code) in [("2027-01-31", 0), ("2027-02-01", 1)] {
        assert_eq!(json(folder.path(), &["--now", now]).0, code, "{now}");
    }
    let (_, text) = run(folder.path(), &["check", "--now", "2027-02-01"]);
    assert!(text.contains("medium[waiver-expired]: This waiver held until 2027-01-31"), "{text}");
    assert_eq!(run(folder.path(), &["check", "--now", "tomorrow"]).0, 2);
}

/// Everything that a change can do to hide its own key.
#[test]
fn a_change_cannot_waive_itself() {
    let folder = committed(&[("main.tf", WAIVED), ("rootlint.toml", "[rotation]\nmax-age-days = 90\n")]);
    git(folder.path(), &["checkout", "--quiet", "-b", "change"]);
    let hidden = KEY.replace("\"root\"\n", "\"root\" # rootlint: ignore[root-access-key] reason=\"trust me\"\n");
    let toml =
        "[files]\nexclude = [\"**\"]\n\n[[waiver]]\nchecks = [\"root-access-key\"]\npath = \"**\"\nreason = \"mine\"\n";
    write(
        folder.path(),
        &[
            ("main.tf", &format!("# rootlint: ignore-file[root-access-key] reason=\"all of it\"\n{WAIVED}{hidden}")),
            ("rootlint.toml", toml),
            (".gitignore", "*\n"),
        ],
    );
    let (_, baseline) = run(folder.path(), &["baseline", "--config", "/dev/null"]);
    write(folder.path(), &[("baseline.json", &baseline)]);
    commit(folder.path());

    // Believed, the change is clean.
    assert_eq!(run(folder.path(), &["check", "--allow-incomplete"]).0, 0);
    let (code, report) = json(folder.path(), &["--waivers-from", "main"]);
    assert_eq!(code, 1);
    let expected = [
        ("aws_iam_access_key.old".to_owned(), Some("known".to_owned()), None),
        ("aws_iam_access_key.root".to_owned(), None, None),
    ];
    assert_eq!(findings(&report), expected);
    let notes = report.get("notes").unwrap().to_string();
    assert_eq!(notes.matches("waiver-not-in-base").count(), 2, "{notes}");
    // Its baseline is not there, and its configuration is not the one that is named.
    let (code, text) = run(folder.path(), &["check", "--waivers-from", "main", "--baseline", "baseline.json"]);
    assert_eq!(code, 2, "{text}");
    assert!(text.contains("baseline.json: no such file"), "{text}");
    assert_eq!(json(folder.path(), &["--waivers-from", "main", "--config", "rootlint.toml"]).0, 1);
    // The whole file is waived, so its own first line counts for nothing else than the base's.
    let (code, text) = run(folder.path(), &["check", "--waivers-from", "gone"]);
    assert_eq!(code, 2);
    assert!(text.contains("there is no commit `gone` here; `git fetch --depth=1 origin gone` brings it"), "{text}");
}

#[test]
fn a_baseline_silences_what_is_in_it() {
    let folder = committed(&[("main.tf", KEY)]);
    assert_eq!(run(folder.path(), &["baseline", "--output", "baseline.json"]).0, 0);
    let first = fs::read_to_string(folder.path().join("baseline.json")).unwrap();
    assert!(first.contains("\"check\": \"root-access-key\"") && first.contains("\"fingerprint\""), "{first}");
    let baseline = ["--baseline", "baseline.json"];
    let (code, report) = json(folder.path(), &baseline);
    assert_eq!((code, findings(&report).len(), summary(&report, "baseline")), (0, 0, 1.into()));
    // A new one is told; one that is gone is to be taken out, at its line.
    write(folder.path(), &[("main.tf", &KEY.replace("\"root\" {", "\"new\" {"))]);
    let (code, report) = json(folder.path(), &baseline);
    assert_eq!((code, findings(&report).len(), summary(&report, "baseline")), (1, 1, 0.into()));
    let note = report.get("notes").unwrap().as_array().unwrap().first().unwrap();
    assert_eq!(note.get("code").unwrap(), "baseline-stale");
    assert_eq!(note.pointer("/location/path").unwrap(), "baseline.json");
    for (text, why) in
        [("{}", "version 1 is expected"), ("{", "baseline.json:1:"), ("{\"version\": 1}", "`findings` is missing")]
    {
        write(folder.path(), &[("baseline.json", text)]);
        let (code, text) = run(folder.path(), &["check", "--baseline", "baseline.json"]);
        assert_eq!(code, 2);
        assert!(text.contains(why), "{text}");
    }
    assert_eq!(run(folder.path(), &["check", "--baseline", "gone.json"]).0, 2);
}

#[test]
fn what_is_new_is_told_apart() {
    let folder = committed(&[("main.tf", KEY)]);
    let (_, before) = run(folder.path(), &["check", "--format", "json"]);
    git(folder.path(), &["checkout", "--quiet", "-b", "change"]);
    write(folder.path(), &[("main.tf", &format!("\n\n{KEY}")), ("before.json", &before)]);
    commit(folder.path());
    let base = ["--diff-base", "main"];
    let (code, report) = json(folder.path(), &base);
    let existing = ("aws_iam_access_key.root".to_owned(), None, Some("existing".to_owned()));
    assert_eq!((code, findings(&report), summary(&report, "new")), (0, vec![existing.clone()], 0.into()));

    write(folder.path(), &[("new.tf", &KEY.replace("\"root\" {", "\"new\" {"))]);
    let new = ("aws_iam_access_key.new".to_owned(), None, Some("new".to_owned()));
    for how in [base, ["--diff-base-report", "before.json"]] {
        let (code, report) = json(folder.path(), &how);
        assert_eq!(
            (code, findings(&report), summary(&report, "new")),
            (1, vec![existing.clone(), new.clone()], 1.into())
        );
        let (_, text) = run(folder.path(), &[&["check", "--only", "root-access-key"][..], &how].concat());
        assert!(text.contains("new.tf:2:10") && !text.contains("main.tf"), "{text}");
        assert!(text.contains("1 new finding: 1 critical; 1 there before"), "{text}");
        let annotated = [&["check", "--only", "root-access-key", "--format", "github"][..], &how].concat();
        assert_eq!(run(folder.path(), &annotated).1.matches("::error file").count(), 1);
        let sarif = [&["check", "--only", "root-access-key", "--format", "sarif"][..], &how].concat();
        let text = run(folder.path(), &sarif).1;
        assert_eq!((text.matches("\"ruleId\"").count(), text.matches("\"unchanged\"").count()), (2, 1), "stays whole");
    }
    let (code, text) = run(folder.path(), &["check", "--diff-base", "gone"]);
    assert!(code == 2 && text.contains("--diff-base: there is no commit `gone`"), "{text}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// Waiving one finding never changes another, and a baseline silences exactly its own tree.
    #[test]
    fn one_finding_is_waived_and_no_other(count in 2_usize..6, chosen in 0_usize..6, file in 0_usize..2) {
        let chosen = chosen % count;
        let tree = |waived: Option<usize>| {
            let block = |index: usize| {
                let waiver = if waived == Some(index) { " # rootlint: ignore[root-access-key] reason=\"r\"" } else { "" };
                format!("resource \"aws_iam_access_key\" \"k{index}\" {{\n  user = \"root\"{waiver}\n}}\n")
            };
            let all: Vec<String> = (0..count).map(block).collect();
            let (first, second) = all.split_at(file.min(1) * (count / 2));
            let folder = tempfile::tempdir().unwrap();
            write(folder.path(), &[("a.tf", &first.join("\n")), ("b.tf", &second.join("\n"))]);
            folder
        };
        let prints = |report: &Value| -> Vec<(Value, bool)> {
            let findings = report.get("findings").unwrap().as_array().unwrap();
            findings.iter().map(|one| (one.get("fingerprint").unwrap().clone(), one.get("waived").unwrap().is_null())).collect()
        };
        let plain = tree(None);
        let before = prints(&json(plain.path(), &[]).1);
        let after = prints(&json(tree(Some(chosen)).path(), &[]).1);
        let expected: Vec<_> = before.iter().enumerate().map(|(index, (print, _))| (print.clone(), index != chosen)).collect();
        prop_assert_eq!(after, expected);

        run(plain.path(), &["baseline", "--output", "baseline.json"]);
        prop_assert_eq!(json(plain.path(), &["--baseline", "baseline.json"]).0, 0);
        let other = tree(None);
        fs::copy(plain.path().join("baseline.json"), other.path().join("baseline.json")).unwrap();
        write(other.path(), &[("c.tf", KEY)]);
        let (code, report) = json(other.path(), &["--baseline", "baseline.json"]);
        prop_assert_eq!((code, prints(&report).len()), (1, 1));
    }
}
