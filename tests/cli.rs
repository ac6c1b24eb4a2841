//! The program as its users run it: every command, every exit code, through the real binary.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::path::Path;
use std::process::Output;

use assert_cmd::Command;
use serde_json::Value;

mod common;

/// A key for root through a variable in another file.
const ROOT_KEY: &[(&str, &str)] = &[
    ("good/main.tf", "resource \"aws_iam_access_key\" \"k\" {\n  user = var.user\n}\n"),
    ("good/variables.tf", "variable \"user\" {\n  default = \"root\"\n}\n"),
];

/// A module that nothing is to be said about.
const CLEAN: &[(&str, &str)] = &[("clean/main.tf", "resource \"aws_s3_bucket\" \"b\" {\n  bucket = \"b\"\n}\n")];

/// A file that does not parse.
const BROKEN: &[(&str, &str)] = &[("broken/main.tf", "resource \"aws_iam_user\" \"u\" {\n  name = \n}\n")];

fn folder(parts: &[&[(&str, &str)]]) -> tempfile::TempDir {
    common::folder(&parts.concat())
}

fn rootlint(working: &Path, arguments: &[&str]) -> Output {
    run(working, arguments, "")
}

fn run(working: &Path, arguments: &[&str], input: &str) -> Output {
    let mut command = Command::cargo_bin("rootlint").unwrap();
    command.current_dir(working).args(arguments).env_remove("CLICOLOR_FORCE").write_stdin(input).output().unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn json(output: &Output) -> Value {
    assert_eq!(text(&output.stderr), "");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The ids of the checks that have findings.
fn found(report: &Value) -> Vec<&str> {
    report["findings"].as_array().unwrap().iter().map(|finding| finding["check"].as_str().unwrap()).collect()
}

#[test]
fn findings_exit_with_1_and_show_the_way() {
    let folder = folder(&[ROOT_KEY]);
    let output = rootlint(folder.path(), &["check"]);
    assert_eq!(code(&output), 1);
    let shown = text(&output.stdout);
    assert!(shown.contains("critical[root-access-key]"), "{shown}");
    assert!(shown.contains("good/main.tf:2:10") && shown.contains("good/variables.tf:2:13"), "{shown}");
    assert!(!shown.contains('\u{1b}'), "no colours where there is no terminal");
    let report = json(&rootlint(folder.path(), &["check", "--format", "json"]));
    assert_eq!(found(&report), ["root-access-key"]);
    assert_eq!(report["version"], 1);
    let finding = &report["findings"][0];
    for key in ["message", "resource", "instances", "projects", "related", "witness", "frameworks", "help", "url"] {
        assert!(finding.get(key).is_some(), "{key}");
    }
    assert_eq!(finding["location"]["start"], serde_json::json!({"line": 2, "column": 10}));
    assert_eq!(report["summary"]["complete"], true);
}

#[test]
fn nothing_to_complain_about_exits_with_0() {
    let folder = folder(&[CLEAN]);
    let output = rootlint(folder.path(), &["check"]);
    assert_eq!((code(&output), text(&output.stdout)), (0, "No findings in 1 project (1 file, 1 resource).\n"));
}

#[test]
fn what_cannot_start_exits_with_2_and_prints_nothing() {
    let folder = folder(&[ROOT_KEY, &[("rootlint.toml", "[rotation]\nmax-age-day = 1\n"), ("fine.toml", "")]]);
    let with_config = |arguments: &[&'static str]| [arguments, &["--config", "good/main.tf"]].concat();
    for (arguments, message) in [
        (vec!["check", "nowhere"], "nowhere: no such file or folder"),
        (vec!["check"], "rootlint.toml:2:1: unknown key `max-age-day` in [rotation]; did you mean `max-age-days`?"),
        (with_config(&["check"]), "good/main.tf:1:"),
        (vec!["check", "--config", "fine.toml", "--only", "root-acces-key"], "did you mean `root-access-key`?"),
        (vec!["check", "--config", "fine.toml", "--skip", "bananas"], "`rootlint checks` lists them"),
        (vec!["check", "--format", "json", "--format", "sarif"], "two formats cannot go to one place"),
        (vec!["check", "--format", "junits"], "did you mean `junit`?"),
        (vec!["check", "--category", "/"], "a category has a name"),
        (vec!["check", "--config", "fine.toml", "--plan", "gone.json"], "gone.json: no such file or folder"),
        (vec!["facts", "gone", "--config", "fine.toml"], "gone: no such file or folder"),
        (vec!["check", "--config", "fine.toml", "--facts", "gone.jsonl"], "--facts gone.jsonl: no such file or folder"),
        (vec!["facts", "--repository", "a//b"], "expected a name as github.com/acme/network"),
        (vec!["audit", "cloudtrail", "x", "--format", "jsn"], "did you mean `json`?"),
        (vec!["check", "--config", "fine.toml", "--var-file", "gone.tfvars"], "gone.tfvars: no such file or folder"),
        (vec!["check", "-"], "`-` needs --stdin-filename"),
        (vec!["check", "--fail-on", "hihg"], "high"),
        (vec!["explain", "root-access-keys"], "did you mean `root-access-key`?"),
        (vec!["policy", "good/main.tf"], "`rootlint check` evaluates the policies in it"),
        (vec!["policy", "gone.json"], "gone.json: no such file or folder"),
        (vec!["chekc"], "check"),
        (vec![], "Usage"),
    ] {
        let output = rootlint(folder.path(), &arguments);
        let shown = text(&output.stderr);
        assert_eq!(code(&output), 2, "{arguments:?}: {shown}");
        assert!(shown.contains(message), "{arguments:?}: {shown}");
        assert_eq!(text(&output.stdout), "", "{arguments:?}");
    }
}

#[test]
fn what_was_not_analysed_exits_with_3() {
    let broken = folder(&[BROKEN]);
    let output = rootlint(broken.path(), &["check", "--format", "json"]);
    assert_eq!(code(&output), 3);
    let report = json(&output);
    assert_eq!(report["errors"][0]["code"], "hcl-syntax");
    assert_eq!(report["errors"][0]["location"]["path"], "broken/main.tf");
    assert_eq!(report["summary"]["complete"], false);
    assert_eq!(code(&rootlint(broken.path(), &["check", "--allow-incomplete"])), 0);

    let empty = folder(&[]);
    let output = rootlint(empty.path(), &["check"]);
    assert_eq!(code(&output), 3);
    assert!(text(&output.stdout).contains("nothing was found to analyse; looked for were Terraform"));
}

#[test]
fn a_broken_file_hides_nothing_beside_it() {
    let folder = folder(&[ROOT_KEY, BROKEN]);
    let output = rootlint(folder.path(), &["check", "--format", "json"]);
    assert_eq!(code(&output), 1);
    let report = json(&output);
    assert_eq!(found(&report), ["root-access-key"]);
    assert_eq!(report["errors"].as_array().unwrap().len(), 1);
    let without = ["check", "--format", "json", "--skip", "root-access-key"];
    let output = rootlint(folder.path(), &without);
    assert_eq!((code(&output), found(&json(&output))), (3, vec![]));
}

#[test]
fn severity_confidence_and_checks_choose_what_fails() {
    let folder = folder(&[ROOT_KEY]);
    for (arguments, expected) in [
        (&["check", "--fail-on", "critical"][..], 1),
        (&["check", "--fail-on", "never"], 0),
        (&["check", "--skip", "root-access-key"], 0),
        (&["check", "--only", "root-access-key"], 1),
        (&["check", "--min-confidence", "certain"], 1),
        (&["check", "--var", "user=alice", "--only", "root-access-key"], 0),
        (&["check", "--exclude", "good"], 3),
    ] {
        assert_eq!(code(&rootlint(folder.path(), arguments)), expected, "{arguments:?}");
    }
}

#[test]
fn variables_count_in_the_order_given() {
    let folder = folder(&[ROOT_KEY, &[("alice.tfvars", "user = \"alice\"\n")]]);
    let root = ["--var", "user=root"];
    let alice = ["--var-file", "alice.tfvars"];
    let only = ["check", "--only", "root-access-key"];
    assert_eq!(code(&rootlint(folder.path(), &[&only[..], &root, &alice].concat())), 0);
    assert_eq!(code(&rootlint(folder.path(), &[&only[..], &alice, &root].concat())), 1);
}

#[test]
fn output_is_the_same_with_any_threads_and_from_any_folder() {
    let folder = folder(&[ROOT_KEY, BROKEN, CLEAN]);
    let one = rootlint(folder.path(), &["check", "--format", "json", "--jobs", "1"]).stdout;
    let eight = rootlint(folder.path(), &["check", "--format", "json", "--jobs", "8"]).stdout;
    assert_eq!(text(&one), text(&eight));
    let outside = tempfile::tempdir().unwrap();
    let named = folder.path().to_str().unwrap();
    let elsewhere = rootlint(outside.path(), &["check", named, "--format", "json"]).stdout;
    assert_eq!(text(&one), text(&elsewhere));
    let inside = rootlint(&folder.path().join("good"), &["check", "..", "--format", "json"]).stdout;
    assert_eq!(text(&one), text(&inside));
}

#[test]
fn every_format_goes_where_it_is_sent() {
    let folder = folder(&[ROOT_KEY]);
    let arguments = ["check", "--format", "sarif=out.sarif", "--format", "human=out.txt", "--format", "json"];
    let output = rootlint(folder.path(), &arguments);
    assert_eq!(code(&output), 1);
    assert_eq!(found(&json(&output)), ["root-access-key"]);
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let sarif: Value = serde_json::from_str(&read("out.sarif")).unwrap();
    assert_eq!(sarif["runs"][0]["results"][0]["ruleId"], "root-access-key");
    assert!(read("out.txt").contains("critical[root-access-key]"));
    let output = rootlint(folder.path(), &["check", "--format", "json", "--output", "out.json"]);
    assert_eq!(text(&output.stdout), "");
    assert_eq!(read("out.json").as_bytes(), rootlint(folder.path(), &["check", "--format", "json"]).stdout);
}

#[test]
fn standard_input_is_a_file_among_others() {
    let folder = folder(&[&[("good/variables.tf", "variable \"user\" {\n  default = \"root\"\n}\n")]]);
    let input = "resource \"aws_iam_access_key\" \"k\" {\n  user = var.user\n}\n";
    let arguments = ["check", "-", "--stdin-filename", "good/main.tf", "--format", "json"];
    let output = run(folder.path(), &arguments, input);
    assert_eq!(code(&output), 1);
    assert_eq!(json(&output)["findings"][0]["location"]["path"], "good/main.tf");
}

#[test]
fn a_configuration_is_found_upwards() {
    let folder = folder(&[ROOT_KEY, &[("rootlint.toml", "[files]\nexclude = [\"good\"]\n")]]);
    assert_eq!(code(&rootlint(folder.path(), &["check"])), 3, "nothing is left to look at");
    std::fs::write(folder.path().join("other.toml"), "").unwrap();
    assert_eq!(code(&rootlint(folder.path(), &["check", "--config", "other.toml"])), 1);
}

#[test]
fn completions_and_the_manual_know_the_commands() {
    let folder = folder(&[]);
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = rootlint(folder.path(), &["completions", shell]);
        assert_eq!(code(&output), 0);
        assert!(text(&output.stdout).contains("fail-on") && text(&output.stdout).contains("explain"), "{shell}");
    }
    let manual = rootlint(folder.path(), &["man"]);
    assert_eq!(code(&manual), 0);
    assert!(text(&manual.stdout).starts_with(".ie") && text(&manual.stdout).contains(".SH ROOTLINT\\-CHECK"));
    assert_eq!(code(&rootlint(folder.path(), &["completions", "cmd"])), 2);
}

#[test]
fn checks_are_listed_and_explained() {
    let folder = folder(&[]);
    let output = rootlint(folder.path(), &["checks"]);
    assert_eq!(code(&output), 0);
    for check in rootlint::checks::ALL {
        assert!(text(&output.stdout).lines().any(|line| line.starts_with(check.id)));
        let page = rootlint(folder.path(), &["explain", check.id]);
        assert_eq!(code(&page), 0);
        let (meta, _) = check.meta().unwrap();
        let first = format!("{}[{}]: {}\n\nWhat\n\n", meta.severity.name(), check.id, meta.title);
        assert!(text(&page.stdout).starts_with(&first), "{}", text(&page.stdout));
        assert!(!text(&page.stdout).contains("\n---\n") && text(&page.stdout).contains("\nReferences\n"));
    }
    let frameworks = rootlint(folder.path(), &["checks", "--frameworks"]);
    assert!(text(&frameworks.stdout).contains("CIS AWS"));
}

#[test]
fn policies_answer() {
    let statement = |resource: &str| {
        format!(
            r#"{{"Version": "2012-10-17", "Statement": {{"Sid": "S", "Effect": "Deny", "Action": "iam:CreateAccessKey",
            "Resource": "{resource}"}}}}"#
        )
    };
    let (denies, misses) = (statement("*"), statement("arn:aws:iam::*:user/*"));
    let folder = folder(&[&[
        ("denies.json", &denies),
        ("misses.json", &misses),
        ("broken.json", "{"),
        ("wrong.json", r#"{"Statement": {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}}"#),
    ]]);
    for (files, verdict, expected) in [
        (&["denies.json"][..], "yes", 0),
        (&["misses.json"], "no", 1),
        (&["misses.json", "denies.json"], "yes", 0),
        (&["broken.json"], "invalid", 3),
        (&["wrong.json"], "invalid", 3),
    ] {
        let output = rootlint(folder.path(), &[&["policy", "--format", "json"], files].concat());
        let answer = json(&output);
        assert_eq!((answer["verdict"].as_str().unwrap(), code(&output)), (verdict, expected), "{files:?}");
        assert_eq!(answer["witness"].is_object(), verdict == "no");
        assert!(answer["location"]["path"].is_string());
        let human = rootlint(folder.path(), &[&["policy"], files].concat());
        assert_eq!(code(&human), expected);
        assert!(text(&human.stdout).contains("= because: "));
    }
}

#[test]
fn policies_answer_other_questions() {
    let deny = |condition: &str| {
        format!(
            r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "Deny", "Action": "iam:*", "Resource": "*", "Condition": {condition}}}}}"#
        )
    };
    let levels = |full: &str| {
        format!(
            r#"{{"levels": [{{"id": "r-ab12", "policies": []}}, {{"id": "ou", "policies": [{{"name": "x", "policy": {}}}]}}]{full}}}"#,
            deny("{}")
        )
    };
    let folder = folder(&[&[
        ("account.json", &deny(r#"{"StringNotEquals": {"aws:PrincipalAccount": "444455556666"}}"#)),
        ("id.json", &deny(r#"{"StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}"#)),
        (
            "path.json",
            &deny(r#"{"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/*"}}"#),
        ),
        ("arn.json", &deny(r#"{"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:root"}}"#)),
        ("user.json", &deny(r#"{"StringEquals": {"aws:PrincipalType": "User"}}"#)),
        ("role.json", &deny(r#"{"StringEquals": {"aws:PrincipalType": "AssumedRole"}}"#)),
        ("date.json", &deny(r#"{"DateGreaterThan": {"aws:CurrentTime": "2040-01-01T00:00:00Z"}}"#)),
        (
            "bucket.json",
            r#"{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "s3:Get*", "Resource": "arn:aws:s3:::a/*"}}"#,
        ),
        ("levels.json", &levels("")),
        ("none.json", r#"{"levels": [{"id": "r-ab12", "policies": []}], "fullAccess": false}"#),
        ("one.json", r#"{"levels": [{"policies": [], "fullAccess": false}, {"policies": []}]}"#),
        ("empty.json", "[]"),
    ]]);
    for (arguments, expected) in [
        (&["account.json"][..], "conditional"),
        (&["account.json", "--account", "444455556666"], "no"),
        (&["account.json", "--account", "111122223333"], "yes"),
        (&["account.json", "--resource", "arn:aws:iam::444455556666:user/a"], "no"),
        (&["id.json"], "no"),
        (&["id.json", "--org-id", "o-zzzzzzzzzz"], "yes"),
        (&["id.json", "--org-path", "o-zzzzzzzzzz/r-ab12/"], "yes"),
        (&["path.json"], "conditional"),
        (&["path.json", "--org-path", "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/ou-ab12-2"], "yes"),
        (&["path.json", "--org-path", "o-a1b2c3d4e5/r-ab12"], "no"),
        (&["arn.json"], "yes"),
        (&["arn.json", "--partition", "aws-cn"], "no"),
        (&["arn.json", "--principal-type", "user"], "no"),
        (&["user.json", "--principal-type", "user"], "yes"),
        (&["role.json", "--principal-type", "role", "--resource", "arn:aws:iam::111122223333:user/a"], "yes"),
        (&["date.json"], "conditional"),
        (&["date.json", "--now", "2041-01-01"], "yes"),
        (&["bucket.json"], "no"),
        (&["bucket.json", "--action", "s3:GetObject", "--resource", "arn:aws:s3:::a/b"], "yes"),
        (&["bucket.json", "--action", "s3:GetObject", "--resource", "arn:aws:s3:::b/b"], "no"),
        (&["levels.json"], "yes"),
        (&["none.json"], "yes"),
        (&["one.json"], "yes"),
        (&["empty.json"], "no"),
        (&["empty.json", "--no-full-access"], "yes"),
    ] {
        let answer = json(&rootlint(folder.path(), &[&["policy", "--format", "json"], arguments].concat()));
        assert_eq!(answer["verdict"], expected, "{arguments:?}: {answer}");
    }
    // Standard input is a file like another.
    let answer = json(&run(folder.path(), &["policy", "-", "--format", "json"], &deny("{}")));
    assert_eq!((&answer["verdict"], &answer["location"]["path"]), (&"yes".into(), &"<stdin>".into()));
    for wrong in [
        &["--account", "1234"][..],
        &["--org-id", "r-ab12"],
        &["--org-path", "o-a1b2c3d4e5"],
        &["--org-path", "o-a1b2c3d4e5/ou-ab12-11111111"],
        &["--org-path", "o-a1b2c3d4e5/r-ab12", "--org-id", "o-zzzzzzzzzz"],
        &["--partition", "gcp"],
        &["--action", "CreateAccessKey"],
        &["--action", "iam:*"],
        &["--resource", "root"],
        &["--resource", "arn:aws:iam::*:root"],
        &["--resource", "arn:aws:iam::111122223333:user/a", "--account", "444455556666"],
        &["--principal-type", "service"],
        &["--principal-type", "role"],
        &["--now", "soon"],
    ] {
        let output = rootlint(folder.path(), &[&["policy", "arn.json"], wrong].concat());
        assert_eq!((code(&output), text(&output.stdout)), (2, ""), "{wrong:?}");
    }
}

#[test]
fn policies_are_explained() {
    let folder = folder(&[&[(
        "scp.json",
        r#"{"levels": [{"id": "r-ab12", "policies": []}, {"id": "ou-ab12-11111111", "policies": {"Version": "2012-10-17", "Statement": [
            {"Sid": "Keys", "Effect": "Deny", "Action": "iam:*AccessKey", "Resource": "*"},
            {"Effect": "Deny", "Action": "s3:*", "Resource": "*",
             "Condition": {"StringEquals": {"aws:username": "root"}}}]}}]}"#,
    )]]);
    let human = rootlint(folder.path(), &["policy", "--explain", "scp.json"]);
    let explained = "\
r-ab12, with FullAWSAccess
  no other policy
ou-ab12-11111111, with FullAWSAccess
  scp.json:2:13: Deny `Keys` applies to every request
  scp.json:3:13: Deny applies to no request
    its actions do not include `iam:CreateAccessKey` (scp.json:3:42)
    its condition `StringEquals` on `aws:username` (`root`) never holds (scp.json:4:45)
";
    assert!(text(&human.stdout).ends_with(explained), "{}", text(&human.stdout));
    let answer = json(&rootlint(folder.path(), &["policy", "--explain", "--format", "json", "scp.json"]));
    let statements = &answer["levels"][1]["statements"];
    assert_eq!((&statements[0]["applies"], &statements[0]["sid"]), (&"always".into(), &"Keys".into()));
    assert_eq!((&statements[1]["applies"], &statements[1]["effect"]), (&"never".into(), &"Deny".into()));
    assert_eq!(statements[1]["defeats"][1]["location"]["start"]["line"], 4);
    let without = json(&rootlint(folder.path(), &["policy", "--format", "json", "scp.json"]));
    assert!(without.get("levels").is_none());
}

#[test]
fn resources_are_listed_with_their_values() {
    let folder = folder(&[ROOT_KEY]);
    let output = rootlint(folder.path(), &["resources", "--format", "json"]);
    assert_eq!(code(&output), 0);
    let listed = json(&output);
    let key = &listed["resources"][0];
    assert_eq!((&key["address"], &key["type"]), (&"aws_iam_access_key.k".into(), &"aws_iam_access_key".into()));
    assert_eq!((&key["mode"], &key["presence"]), (&"managed".into(), &"certain".into()));
    assert_eq!(key["attributes"]["user"], "root");
    assert!(key["attributes"]["secret"]["$unknown"].is_string());
    assert_eq!(key["location"]["path"], "good/main.tf");
    let human = rootlint(folder.path(), &["resources", "good"]);
    assert!(text(&human.stdout).contains("    user = \"root\"\n"));
}

#[test]
fn expressions_are_answered_line_by_line() {
    let folder = folder(&[ROOT_KEY]);
    let output = run(folder.path(), &["eval", "good"], "var.user\n1 + 1\nnope.nope.nope\n");
    assert_eq!(code(&output), 0);
    let lines: Vec<&str> = text(&output.stdout).lines().collect();
    assert_eq!(lines.get(..2), Some(&["{\"value\":\"root\"}", "{\"value\":2}"][..]));
    assert!(lines[2].starts_with("{\"error\":"));
    let output = run(folder.path(), &["eval", "--json-input"], "\"[\\n1]\"\n");
    assert_eq!(text(&output.stdout), "{\"value\":[1]}\n");
    assert_eq!(code(&run(folder.path(), &["eval", "--json-input"], "1 + 1\n")), 2);
}

#[test]
fn a_reader_that_stops_reading_is_no_error() {
    let folder = folder(&[ROOT_KEY]);
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_rootlint"))
        .args(["explain", "root-access-key"])
        .current_dir(folder.path())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((code(&output), text(&output.stderr)), (0, ""));
}

#[test]
fn the_demo_has_findings() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = rootlint(project, &["check", "testdata/demo", "--format", "json"]);
    assert_eq!(code(&output), 1);
    let report = json(&output);
    for check in ["root-access-key", "unrotated-access-key"] {
        assert!(found(&report).contains(&check), "{check}");
    }
}
