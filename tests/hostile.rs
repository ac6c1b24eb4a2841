//! Input made to hang, to exhaust, to hide or to give away: it costs what it is, an error, and nothing beside it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::path::Path;
use std::time::{Duration, Instant};

use assert_cmd::Command;
use serde_json::Value;

use common::folder;

mod common;

/// A key for root that must be found whatever lies beside it.
const GOOD: &str = "resource \"aws_iam_access_key\" \"good\" {\n  user = \"root\"\n}\n";

fn output(working: &Path, arguments: &[&str]) -> String {
    let mut command = Command::cargo_bin("rootlint").unwrap();
    command.current_dir(working).arg("check").args(arguments).env("TF_VAR_token", "very-secret-token");
    let output = command.timeout(Duration::from_secs(120)).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    String::from_utf8(output.stdout).unwrap()
}

fn report(files: &[(&str, &str)]) -> Value {
    serde_json::from_str(&output(folder(files).path(), &["--format", "json"])).unwrap()
}

fn messages(report: &Value) -> Vec<String> {
    let errors = report["errors"].as_array().unwrap();
    errors.iter().map(|error| error["message"].as_str().unwrap().to_owned()).collect()
}

fn found_root(report: &Value) -> bool {
    report["findings"].as_array().unwrap().iter().any(|finding| finding["check"] == "root-access-key")
}

/// Locals each of which repeats the one before ten times.
fn tenfold(first: &str, next: impl Fn(&str) -> String, use_it: &str) -> String {
    let mut text = format!("locals {{\n  a0 = {first}\n");
    for level in 1..12 {
        let before = vec![format!("local.a{}", level - 1); 10].join(", ");
        text.push_str(&format!("  a{level} = {}\n", next(&before)));
    }
    text + &format!("}}\nresource \"aws_iam_access_key\" \"k\" {{\n  user = {use_it}\n}}\n{GOOD}")
}

#[test]
fn values_that_grow_tenfold_at_every_step_are_errors() {
    for text in [
        tenfold("[1, 2]", |before| format!("concat({before})"), "local.a11[0]"),
        tenfold("[1, 2]", |before| format!("[{before}]"), "jsonencode(local.a11)"),
        tenfold("[1, 2]", |before| format!("[{before}]"), "local.a11 == local.a11 ? \"a\" : \"b\""),
        tenfold("{ x = 1 }", |before| format!("{{ for k, v in [{before}] : k => v }}"), "yamlencode(local.a11)"),
    ] {
        let start = Instant::now();
        let report = report(&[("main.tf", &text)]);
        assert!(found_root(&report));
        assert!(messages(&report).iter().any(|message| message.contains("rootlint stops here")), "{report}");
        assert!(start.elapsed() < Duration::from_secs(60));
    }
}

#[test]
fn counts_without_end_are_errors() {
    for count in ["1000000", "100000000", "1e30"] {
        let text =
            format!("resource \"aws_iam_access_key\" \"k\" {{\n  count = {count}\n  user = \"root\"\n}}\n{GOOD}");
        let report = report(&[("main.tf", &text)]);
        assert_eq!(messages(&report).len(), 1, "{count}");
        assert!(found_root(&report));
    }
    let block = |n: usize| format!("resource \"aws_iam_user\" \"u{n}\" {{\n  count = 25000\n  name = \"u\"\n}}\n");
    let text: String = (0..40).map(block).collect();
    assert!(messages(&report(&[("main.tf", &text)]))[0].contains("60000 resource instances"));
}

#[test]
fn rules_that_hand_events_on_in_rings_end() {
    let text = "resource \"aws_cloudwatch_event_rule\" \"r\" {\n  count = 500\n  name = \"r${count.index}\"\n  \
                event_bus_name = \"central\"\n  event_pattern = jsonencode({ detail = { userIdentity = { type = [\"Root\"] } } })\n}\n\
                resource \"aws_cloudwatch_event_target\" \"t\" {\n  count = 500\n  \
                rule = aws_cloudwatch_event_rule.r[count.index].name\n  \
                arn = \"arn:aws:events:us-east-1:111122223333:event-bus/central\"\n}\n";
    let start = Instant::now();
    assert!(found_root(&report(&[("main.tf", &format!("{text}{GOOD}"))])));
    assert!(start.elapsed() < Duration::from_secs(60));
}

#[test]
fn modules_that_call_themselves_are_errors() {
    let itself = format!("module \"again\" {{\n  source = \"./\"\n}}\n{GOOD}");
    let other = format!("module \"b\" {{\n  source = \"../b\"\n}}\n{GOOD}");
    for files in [
        vec![("main.tf", &*itself)],
        vec![("a/main.tf", &*other), ("b/main.tf", "module \"a\" {\n  source = \"../a\"\n}\n")],
    ] {
        let report = report(&files);
        assert_eq!(report["findings"].as_array().unwrap().len(), 1);
        assert!(messages(&report)[0].contains("a module that it is a part of"), "{report}");
    }
}

#[test]
fn modules_that_double_at_every_level_end() {
    let level = |n: usize| {
        let call = |name: &str| format!("module \"{name}\" {{\n  source = \"../m{}\"\n}}\n", n + 1);
        (format!("m{n}/main.tf"), call("a") + &call("b"))
    };
    let mut files: Vec<(String, String)> = (0..25).map(level).collect();
    files.push(("m25/main.tf".into(), "resource \"aws_s3_bucket\" \"b\" {\n}\n".into()));
    files.push(("good/main.tf".into(), GOOD.into()));
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (&**path, &**text)).collect();
    let report = report(&files);
    assert!(found_root(&report));
    assert!(messages(&report)[0].contains("module instances"));
}

#[test]
fn a_second_template_in_a_file_is_not_passed_over() {
    let key = "Resources:\n  K:\n    Type: AWS::IAM::AccessKey\n    Properties:\n      UserName: root\n";
    let report = report(&[("t.yaml", &format!("Resources:\n  B:\n    Type: AWS::S3::Bucket\n---\n{key}"))]);
    assert_eq!(report["errors"][0]["location"]["start"]["line"], 5);
    assert_eq!(report["summary"]["complete"], false);
}

#[test]
fn messages_do_not_quote_what_is_not_to_be_shown() {
    let uses = [
        "lookup({}, var.token)",
        "{}[var.token]",
        "tonumber(var.token)",
        "format(\"%d\", var.token)",
        "{ for x in [1, 2] : var.token => x }",
        "var.hidden + 1",
        "parseint(var.hidden, 10)",
    ];
    let mut text =
        "variable \"token\" {}\nvariable \"hidden\" {\n  sensitive = true\n  default = \"very-hidden\"\n}\n".to_owned();
    for (n, expression) in uses.iter().enumerate() {
        text.push_str(&format!("resource \"aws_iam_access_key\" \"k{n}\" {{\n  user = {expression}\n}}\n"));
    }
    let template = "Parameters:\n  P:\n    Type: String\n    NoEcho: true\n    Default: very-quiet\nMappings:\n  M:\n    a: {x: y}\n\
                    Resources:\n  K:\n    Type: AWS::IAM::AccessKey\n    Properties:\n      UserName: !FindInMap [M, !Ref P, x]\n";
    let folder = folder(&[("main.tf", &text), ("t.yaml", template)]);
    for format in ["human", "json", "sarif"] {
        let text = output(folder.path(), &["--format", format]);
        for secret in ["very-secret-token", "very-hidden", "very-quiet"] {
            assert!(!text.contains(secret), "{format}: {secret}\n{text}");
        }
    }
}

#[test]
fn what_a_policy_has_from_a_sensitive_value_is_not_quoted() {
    let code = "variable \"long\" {\n  sensitive = true\n  default = \"VeryQuiet\"\n}\nvariable \"short\" {\n  sensitive = true\n  default = \"Xyz\"\n}\n\
                resource \"aws_organizations_organization\" \"o\" {\n  feature_set = \"ALL\"\n  enabled_policy_types = [\"SERVICE_CONTROL_POLICY\"]\n}\n\
                resource \"aws_organizations_policy_attachment\" \"a\" {\n  policy_id = aws_organizations_policy.p.id\n  target_id = aws_organizations_organization.o.roots[0].id\n}\n\
                resource \"aws_organizations_policy\" \"p\" {\n  name = \"p\"\n  content = @\n}\n";
    let statement = |sid: &str| {
        format!(
            "{{\"Version\":\"2012-10-17\",\"Statement\":[{{\"Sid\":\"{sid}\",\"Effect\":\"Deny\",\"Action\":\"iam:CreateAccessKey\",\"Resource\":\"*\",\
             \"Condition\":{{\"StringLike\":{{\"aws:PrincipalArn\":\"*:rot\"}}}}}}]}}"
        )
    };
    let template = statement("${sid}");
    let encoded =
        |name: &str| format!("jsonencode(jsondecode({:?}))", template).replace("${sid}", &format!("${{var.{name}}}"));
    let rendered = |name: &str| format!("templatefile(\"${{path.module}}/p.tpl\", {{ sid = var.{name} }})");
    for content in [rendered("long"), rendered("short"), encoded("long"), encoded("short")] {
        let report = report(&[("main.tf", &code.replace('@', &content)), ("p.tpl", &template)]);
        let finding = report["findings"].as_array().unwrap().iter().find(|one| one["check"] == "root-key-not-denied");
        let finding = finding.unwrap().to_string();
        assert!(finding.contains("statement `(sensitive)` comes closest"), "{content}: {finding}");
        assert!(!finding.contains("VeryQuiet") && !finding.contains("Xyz"), "{content}: {finding}");
        assert!(finding.contains("iam:CreateAccessKey"), "the proposal is whole: {finding}");
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_regular_file_is_named_and_not_opened() {
    use std::os::unix::ffi::OsStrExt;
    let folder = folder(&[("main.tf", GOOD)]);
    std::fs::create_dir_all(folder.path().join(".terraform/modules")).unwrap();
    let pipes = [
        "pipe.tf",
        "terraform.tfvars",
        "terraform.tfvars.json",
        "a.auto.tfvars",
        ".terraform/environment",
        ".terraform/modules/modules.json",
    ];
    for pipe in pipes {
        let pipe = folder.path().join(pipe);
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    }
    let odd = folder.path().join(std::ffi::OsStr::from_bytes(b"odd\xff"));
    std::fs::create_dir(&odd).unwrap();
    std::fs::write(odd.join("main.tf"), GOOD).unwrap();
    let report: Value = serde_json::from_str(&output(folder.path(), &["--format", "json"])).unwrap();
    assert!(found_root(&report));
    let messages = messages(&report).join("\n");
    for pipe in pipes {
        assert!(messages.contains(&format!("{pipe} is not a regular file")), "{messages}");
    }
    assert!(messages.contains("not UTF-8"), "{messages}");
}

#[test]
fn the_report_is_the_same_on_every_run() {
    let files: Vec<(String, String)> =
        (0..60).map(|n| (format!("d{}/f{n}.tf", n % 7), GOOD.replace("good", &format!("g{n}")))).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (&**path, &**text)).collect();
    let folder = folder(&files);
    let first = output(folder.path(), &["--format", "json", "--jobs", "1"]);
    assert_eq!(first, output(folder.path(), &["--format", "json", "--jobs", "8"]));
    let path = folder.path().to_str().unwrap();
    assert_eq!(first, output(Path::new("/"), &[path, "--format", "json"]));
}

/// Each folder of `testdata/hostile` costs one error at the place in its `expect.txt`, and what lies beside it is found.
#[test]
fn every_hostile_input_is_an_error_where_it_is_wrong() {
    let folders = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/hostile");
    let mut wrong = Vec::new();
    for folder in std::fs::read_dir(folders).unwrap().map(|entry| entry.unwrap().path()) {
        let expected = std::fs::read_to_string(folder.join("expect.txt")).unwrap();
        let (error, found) = expected.trim_end().split_once('\n').unwrap();
        let report: Value =
            serde_json::from_str(&output(&folder, &["--root", folder.to_str().unwrap(), "--format", "json"])).unwrap();
        let place = |error: &Value| {
            let (code, location) = (&error["code"], &error["location"]);
            let (path, line) = (location["path"].as_str().unwrap(), &location["start"]["line"]);
            format!("{} {path}:{line}", code.as_str().unwrap())
        };
        let errors: Vec<String> = report["errors"].as_array().unwrap().iter().map(place).collect();
        let is_found = found_root(&report) == (found == "the key beside it is found");
        if !errors.iter().any(|told| told == error) || !is_found || report["summary"]["complete"] != false {
            wrong.push(format!("{}: {error} is not told: {errors:?}; {report}", folder.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
