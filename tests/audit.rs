//! `rootlint audit credential-report`, through the program.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use serde_json::{Value, json};

const HEADER: &str = "user,arn,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,\
                      access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date";

fn rootlint(folder: &Path, arguments: &[&str]) -> std::process::Output {
    let mut command = Command::cargo_bin("rootlint").unwrap();
    command.args(["audit", "credential-report"]).args(arguments).current_dir(folder).output().unwrap()
}

/// The exit code and the JSON report.
fn report(folder: &Path, arguments: &[&str]) -> (i32, Value) {
    let output = rootlint(folder, &[arguments, &["--format", "json"]].concat());
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code().unwrap(), serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{errors}")))
}

/// Check, confidence and instance of each finding.
fn findings(report: &Value) -> Vec<String> {
    let all = report["findings"].as_array().unwrap().iter();
    let shown = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let line = |f: &Value| format!("{} {} {}", shown(&f["check"]), shown(&f["confidence"]), shown(&f["instances"][0]));
    all.map(line).collect()
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn resource(root: bool, keys: [(bool, &str, &str); 2]) -> Value {
    let arn = if root { "arn:aws:iam::123456789012:root" } else { "arn:aws:iam::123456789012:user/Bobert" };
    let user = if root { "<root_account>" } else { "Bobert" };
    let [(active1, rotated1, used1), (active2, rotated2, used2)] = keys;
    let day = |year: &str| format!("{year}-01-01T00:00:00Z");
    json!({
        if root { "ARN" } else { "Arn" }: arn,
        "CredentialReport": {
            "ARN": arn, "UserName": user,
            "AccessKey1Active": active1, "AccessKey1LastRotated": day(rotated1), "AccessKey1LastUsedDate": day(used1),
            "AccessKey2Active": active2, "AccessKey2LastRotated": day(rotated2), "AccessKey2LastUsedDate": day(used2),
        },
        "UserName": if root { "root" } else { user },
    })
}

const NONE: (bool, &str, &str) = (false, "0001", "0001");

/// The cases that come with Panther's policies: whether each passes.
#[test]
fn panthers_own_cases_are_answered_alike() {
    let active = (true, "0001", "0001");
    let cases = [
        ("root-access-key-active", resource(true, [active, NONE]), false),
        ("root-access-key-active", resource(true, [NONE, active]), false),
        ("root-access-key-active", resource(true, [active, active]), false),
        ("root-access-key-active", resource(true, [NONE, NONE]), true),
        ("access-key-unused", resource(true, [(true, "2000", "2000"), NONE]), false),
        ("access-key-unused", resource(true, [NONE, (true, "3000", "0001")]), true),
        ("access-key-unused", resource(false, [(true, "3000", "0001"), NONE]), true),
        ("access-key-unused", resource(false, [(true, "2000", "2000"), NONE]), false),
        ("access-key-unused", resource(false, [(true, "2000", "3000"), NONE]), true),
        ("access-key-unused", resource(false, [NONE, (true, "2000", "2000")]), false),
        ("access-key-unused", resource(false, [NONE, (true, "0001", "3000")]), true),
        ("access-key-unused", resource(false, [NONE, NONE]), true),
    ];
    for (index, (check, resource, passes)) in cases.into_iter().enumerate() {
        let folder = folder(&[("resource.json", &resource.to_string())]);
        let (code, report) = report(folder.path(), &["resource.json", "--only", check, "--fail-on", "low"]);
        assert_eq!(code, if passes { 0 } else { 1 }, "case {index}: {report:#}");
        assert_eq!(report["undecided"], json!([]), "case {index}");
    }
}

#[test]
fn a_report_made_again_on_another_day_has_the_same_findings() {
    let rows = |rotated: &str| {
        format!(
            "{HEADER}\n<root_account>,arn:aws:iam::111122223333:root,true,2020-01-01T00:00:00+00:00,N/A,false,N/A,N/A\n\
             ci,arn:aws:iam::111122223333:user/ci,true,{rotated}T00:00:00+00:00,N/A,true,2020-01-01T00:00:00+00:00,N/A\n"
        )
    };
    let later = rows("2020-06-01").replace(
        "<root_account>",
        "new,arn:aws:iam::111122223333:user/new,false,N/A,N/A,false,N/A,N/A\n<root_account>",
    );
    let folder = folder(&[("monday.csv", &rows("2020-06-01"))]);
    fs::create_dir(folder.path().join("later")).unwrap();
    fs::write(folder.path().join("later/friday.csv"), later).unwrap();
    let prints = |file: &str, now: &str| {
        let (_, report) = report(folder.path(), &[file, "--now", now]);
        let all = report["findings"].as_array().unwrap().iter();
        let mut prints: Vec<String> = all.map(|finding| finding["fingerprint"].as_str().unwrap().to_owned()).collect();
        prints.sort();
        prints
    };
    let monday = prints("monday.csv", "2026-11-02");
    assert_eq!(monday.len(), 7);
    assert_eq!(monday, prints("later/friday.csv", "2026-11-06"));
    assert!(monday.iter().all(|print| print.len() == 32), "none is numbered: {monday:?}");

    // And so a baseline holds.
    let written =
        rootlint(folder.path(), &["monday.csv", "--now", "2026-11-02", "--write-baseline", "known.toml", "-q"]);
    assert_eq!(written.status.code(), Some(1));
    let (code, report) =
        report(folder.path(), &["later/friday.csv", "--now", "2026-11-06", "--baseline", "known.toml"]);
    assert_eq!((code, &report["findings"], &report["summary"]["baseline"]), (0, &json!([]), &json!(7)));
}

#[test]
fn waivers_of_the_configuration_count() {
    let csv = format!(
        "{HEADER}\n<root_account>,arn:aws:iam::111122223333:root,false,N/A,N/A,false,N/A,N/A\n\
         ci,arn:aws:iam::111122223333:user/ci,true,2026-01-01T00:00:00+00:00,2026-10-31T00:00:00+00:00,false,N/A,N/A\n"
    );
    let waiver = |until: &str| {
        format!(
            "[[waiver]]\nchecks = [\"access-key-not-rotated\"]\naddress = \"arn:aws:iam::*:user/ci*\"\n\
             reason = \"moves to a role\"\nuntil = {until}\n"
        )
    };
    let folder = folder(&[("report.csv", &csv), ("rootlint.toml", &waiver("2026-11-30"))]);
    let (code, json) = report(folder.path(), &["report.csv", "--config", "rootlint.toml", "--now", "2026-11-01"]);
    assert_eq!((code, &json["findings"][0]["waived"]["reason"]), (0, &json!("moves to a role")));
    let (code, json) = report(folder.path(), &["report.csv", "--config", "rootlint.toml", "--now", "2026-12-01"]);
    assert_eq!((code, findings(&json).len()), (1, 2));
}

#[test]
fn a_stale_report_is_noted_and_does_not_know_what_came_later() {
    use base64::prelude::{BASE64_STANDARD, Engine};
    let csv = format!(
        "{HEADER}\n<root_account>,arn:aws:iam::111122223333:root,false,N/A,N/A,false,N/A,N/A\n\
         old,arn:aws:iam::111122223333:user/old,true,2026-01-01T00:00:00+00:00,N/A,true,2026-07-10T00:00:00+00:00,N/A\n"
    );
    let answer = json!({"Content": BASE64_STANDARD.encode(&csv), "ReportFormat": "text/csv", "GeneratedTime": "2026-10-01T00:00:00+00:00"});
    let folder = folder(&[("answer.json", &answer.to_string())]);
    let at = |now: &str| report(folder.path(), &["answer.json", "--only", "access-key-not-rotated", "--now", now]).1;
    let fresh = at("2026-10-01T04:00:00Z");
    assert_eq!((findings(&fresh).len(), &fresh["notes"]), (1, &json!([])));
    let stale = at("2026-10-31");
    assert_eq!(stale["notes"][0]["code"], "credential-report-stale");
    assert!(stale["notes"][0]["message"].as_str().unwrap().contains("30 days old"));
    let user = "arn:aws:iam::111122223333:user/old";
    assert_eq!(
        findings(&stale),
        [
            format!("access-key-not-rotated certain {user} access_key_1"),
            format!("access-key-not-rotated possible {user} access_key_2")
        ]
    );
    // The decoded text has a name of its own; what is in the repository is where it was decoded from.
    assert_eq!(stale["findings"][0]["location"]["path"], "<answer.json, decoded>");
    assert_eq!(stale["findings"][0]["related"][0]["location"]["path"], "answer.json");
}

#[test]
fn what_is_broken_is_told_and_the_rest_is_reported() {
    let root = "<root_account>,arn:aws:iam::111122223333:root,true,2020-01-01T00:00:00+00:00,N/A,false,N/A,N/A";
    let clean = "<root_account>,arn:aws:iam::111122223333:root,false,N/A,N/A,false,N/A,N/A";
    for (text, code, checks, errors) in [
        // Half a record after a bad key, and alone.
        (format!("{HEADER}\n{root}\nci,arn:aws:iam::111122223333:user/ci,tr"), 1, 3, 1),
        (format!("{HEADER}\n{clean}\nci,arn:aws:iam::111122223333:user/ci,tr"), 3, 0, 1),
        (format!("{}\n{}\n", HEADER.replace(",access_key_2_active", ""), clean.replacen(",false", "", 1)), 3, 0, 1),
        ("{\"Content\": \"dXNlc!\"}".into(), 3, 0, 1),
        (String::new(), 3, 0, 1),
    ] {
        let folder = folder(&[("report", &text)]);
        let (found, json) = report(folder.path(), &["report", "--now", "2026-11-01"]);
        assert_eq!(json["errors"].as_array().unwrap().len(), errors, "{text}");
        assert_eq!((found, findings(&json).len()), (code, checks), "{text}");
        assert_eq!(json["summary"]["complete"], false, "{text}");
    }
    let missing = rootlint(Path::new("."), &["no-such-file.csv"]);
    assert_eq!((missing.status.code(), missing.stdout.is_empty()), (Some(2), true));
}

#[test]
fn what_cannot_be_read_of_root_leaves_the_run_incomplete() {
    for row in [
        "<root_account>,arn:aws:iam::111122223333:root,maybe,N/A,N/A,false,N/A,N/A",
        "ci,arn:aws:iam::111122223333:user/ci,false,N/A,N/A,false,N/A,N/A",
    ] {
        let folder = folder(&[("report.csv", &format!("{HEADER}\n{row}\n"))]);
        let (code, json) = report(folder.path(), &["report.csv"]);
        assert_eq!(
            (code, findings(&json).len(), json["undecided"][0]["check"].as_str()),
            (3, 0, Some("root-access-key-active"))
        );
    }
    // A user's date that is none is an open question, which is no finding.
    let row = "<root_account>,arn:aws:iam::111122223333:root,false,N/A,N/A,false,N/A,N/A\n\
               ci,arn:aws:iam::111122223333:user/ci,true,soon,no_information,false,N/A,N/A";
    let folder = folder(&[("report.csv", &format!("{HEADER}\n{row}\n"))]);
    let (code, json) = report(folder.path(), &["report.csv"]);
    let open: Vec<_> =
        json["undecided"].as_array().unwrap().iter().map(|open| open["check"].as_str().unwrap()).collect();
    assert_eq!((code, open), (0, vec!["access-key-not-rotated", "access-key-unused"]));
    assert_eq!(report(folder.path(), &["report.csv", "--strict"]).0, 3);
}

#[test]
fn frameworks_choose_checks_and_their_limit() {
    let csv = format!(
        "{HEADER}\n<root_account>,arn:aws:iam::111122223333:root,false,N/A,N/A,false,N/A,N/A\n\
         ci,arn:aws:iam::111122223333:user/ci,true,2026-01-01T00:00:00+00:00,2026-09-01T00:00:00+00:00,false,N/A,N/A\n"
    );
    let folder =
        folder(&[("report.csv", &csv), ("rootlint.toml", "[audit]\nmax-unused-days = 60\n"), ("none.toml", "")]);
    let run = |framework: &str, config: &str| {
        let arguments = ["report.csv", "--now", "2026-10-26", "--config", config, "--framework", framework];
        report(folder.path(), &arguments).1
    };
    let checks =
        |json: &Value| findings(json).iter().map(|line| line.split(' ').next().unwrap().to_owned()).collect::<Vec<_>>();
    // 55 days without use: too many for CIS since 1.4, unless the configuration says otherwise.
    assert_eq!(checks(&run("CIS AWS v5.0.0", "none.toml")), ["access-key-not-rotated", "access-key-unused"]);
    assert_eq!(checks(&run("cis 1.3", "none.toml")), ["access-key-not-rotated"]);
    assert_eq!(checks(&run("CIS AWS v5.0.0", "rootlint.toml")), ["access-key-not-rotated"]);
    assert_eq!(checks(&run("Cloudaware Framework", "none.toml")), Vec::<String>::new());
    let frameworks = &run("CIS AWS v5.0.0", "none.toml")["findings"][0]["frameworks"];
    assert_eq!(frameworks, &json!({"CIS AWS v5.0.0": ["1.13"]}));
    let human = rootlint(folder.path(), &["report.csv", "--now", "2026-10-26", "--framework", "cis 5"]);
    assert!(String::from_utf8_lossy(&human.stdout).contains("= controls: CIS AWS v5.0.0 1.13"));
    let wrong = rootlint(folder.path(), &["report.csv", "--framework", "CSI AWS v5.0.0"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("did you mean `CIS AWS v5.0.0`?"));
}

#[test]
fn standard_input_and_several_files_are_read_and_no_key_is_shown() {
    let row = "AKIAIOSFODNN7EXAMPLE,arn:aws:iam::111122223333:user/AKIAIOSFODNN7EXAMPLE,true,2020-01-01T00:00:00+00:00,N/A,false,N/A,N/A";
    let csv = format!(
        "{HEADER}\n<root_account>,arn:aws:iam::111122223333:root,true,2026-11-01T00:00:00+00:00,N/A,false,N/A,N/A\n{row}\n"
    );
    let summary = json!({"SummaryMap": {"AccountAccessKeysPresent": 1}}).to_string();
    let folder = folder(&[("summary.json", &summary)]);
    for format in ["human", "json", "sarif", "github", "gitlab", "junit", "markdown"] {
        let mut command = Command::cargo_bin("rootlint").unwrap();
        let arguments = ["audit", "credential-report", "-", "summary.json", "--now", "2026-11-02", "--format", format];
        let output = command.args(arguments).current_dir(folder.path()).write_stdin(csv.clone()).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{format}");
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(!text.contains("AKIAIOSFODNN7EXAMPLE") && text.contains("AKIA***"), "{format}: {text}");
        assert!(text.contains("root-access-key-active"), "{format}");
    }
}
