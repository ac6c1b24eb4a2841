//! `rootlint audit cloudtrail` as its users run it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::string_slice)]

use std::io::Write;
use std::path::Path;

use assert_cmd::Command;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

/// A call of root.
fn call(name: &str, time: &str) -> Value {
    json!({
        "eventTime": time, "eventSource": "s3.amazonaws.com", "eventName": name, "awsRegion": "eu-west-1",
        "sourceIPAddress": "192.0.2.10", "userAgent": "aws-cli", "readOnly": false, "eventType": "AwsApiCall",
        "userIdentity": {
            "type": "Root", "arn": "arn:aws:iam::111122223333:root", "accountId": "111122223333",
            "accessKeyId": "ASIAIOSFODNN7EXAMPLE"
        }
    })
}

fn records(events: &[Value]) -> String {
    json!({"Records": events}).to_string()
}

fn packed(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, bytes) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    folder
}

fn run(folder: &Path, arguments: &[&str], input: &str) -> (i32, String) {
    let mut command = Command::cargo_bin("rootlint").unwrap();
    let command = command.current_dir(folder).args(["audit", "cloudtrail"]).args(arguments);
    let output = command.env_remove("CLICOLOR_FORCE").write_stdin(input).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(text).unwrap())
}

fn report(folder: &Path, arguments: &[&str]) -> (i32, Value) {
    let (code, text) = run(folder, &[arguments, &["--format", "json"]].concat(), "");
    (code, serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}")))
}

/// Code and place of each error.
fn errors(report: &Value) -> Vec<String> {
    let place = |error: &Value| {
        let (location, start) = (&error["location"], &error["location"]["start"]);
        let path = location["path"].as_str().unwrap();
        format!("{} {path}:{}:{}", error["code"].as_str().unwrap(), start["line"], start["column"])
    };
    report["errors"].as_array().unwrap().iter().map(place).collect()
}

#[test]
fn what_comes_before_a_damage_is_reported() {
    let events: Vec<Value> =
        (0..200).map(|second| call("CreateBucket", &format!("2026-08-01T10:{second:03}"))).collect();
    let whole = records(&events);
    let first = events[0].to_string();
    let mut truncated = packed(&whole);
    truncated.truncate(truncated.len() / 2);
    let long = format!("{first}\n{{\"a\": \"{}\"}}\n{first}\n", "x".repeat(10 << 20));
    let files = folder(&[
        ("truncated.gz", &truncated),
        ("half.json", &whole.as_bytes()[..whole.len() - 100]),
        ("half.ndjson", format!("{first}\n{}", &first[..50]).as_bytes()),
        ("middle.ndjson", format!("{first}\nno JSON\n{first}\n").as_bytes()),
        ("long.ndjson", long.as_bytes()),
        ("half", &first.as_bytes()[..50]),
        ("none.json", b"{}"),
        ("text", b"hello"),
        ("empty", b""),
    ]);
    let of = |name: &str| {
        let (code, report) = report(files.path(), &[name]);
        (code, errors(&report), report["summary"]["resources"].as_u64().unwrap())
    };
    let (code, errors, count) = of("truncated.gz");
    assert!(
        code == 1 && errors[0].starts_with("gzip-invalid truncated.gz:1:") && (1..200).contains(&count),
        "{errors:?}"
    );
    let (code, errors, count) = of("half.json");
    assert!(code == 1 && errors[0].starts_with("cloudtrail-syntax half.json:1:") && count == 199, "{errors:?}");
    assert_eq!(of("half.ndjson"), (1, vec!["cloudtrail-syntax half.ndjson:2:1".to_owned()], 1));
    assert_eq!(of("middle.ndjson"), (1, vec!["cloudtrail-syntax middle.ndjson:2:1".to_owned()], 2));
    assert_eq!(of("long.ndjson"), (1, vec!["cloudtrail-too-large long.ndjson:2:1".to_owned()], 2));
    assert_eq!(of("half"), (3, vec!["cloudtrail-syntax half:1:1".to_owned()], 0));
    for name in ["none.json", "text", "empty"] {
        let (code, errors, _) = of(name);
        assert_eq!((code, errors), (3, vec![format!("cloudtrail-unrecognised {name}:1:1")]));
    }
    assert_eq!(run(files.path(), &["nowhere"], "").0, 2);
}

#[test]
fn folders_are_read_and_links_out_of_them_are_not() {
    let event = records(&[call("CreateBucket", "2026-08-01T10:00:00Z")]);
    let files = folder(&[
        ("logs/b/2.json.gz", &packed(&event)),
        ("logs/a/1.json", event.as_bytes()),
        ("logs/README.md", b"# Logs"),
        ("logs/CloudTrail-Digest/x.json.gz", b"never opened"),
        ("secret.json", event.as_bytes()),
    ]);
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("../secret.json", files.path().join("logs/link.json")).unwrap();
        std::os::unix::fs::symlink("a", files.path().join("logs/again")).unwrap();
    }
    let (code, report) = report(files.path(), &["./logs/"]);
    assert_eq!(code, 1);
    assert_eq!((&report["summary"]["resources"], &report["summary"]["ignored"]), (&json!(2), &json!(2)));
    if cfg!(unix) {
        assert_eq!(errors(&report), ["file-unreadable logs/link.json:1:1"]);
    }
    let finding = &report["findings"][0];
    assert_eq!(finding["location"]["path"], "logs/a/1.json");
    assert_eq!(finding["related"][0]["location"]["path"], "logs/b/2.json.gz");
    assert_eq!(finding["location"]["start"], json!({"line": 1, "column": 13}));
    let notes: Vec<&str> =
        report["notes"].as_array().unwrap().iter().map(|note| note["code"].as_str().unwrap()).collect();
    assert_eq!(notes, ["cloudtrail-left-out"; 2]);
}

#[test]
fn a_finding_is_the_same_tomorrow() {
    let (first, second) = (call("CreateBucket", "2026-08-01T10:00:00Z"), call("DeleteBucket", "2026-08-02T10:00:00Z"));
    let files = folder(&[
        ("a.json", records(std::slice::from_ref(&first)).as_bytes()),
        ("days/1/x.json", records(&[second.clone(), first]).as_bytes()),
        ("days/2/y.json", records(&[second]).as_bytes()),
    ]);
    let print = |name: &str| report(files.path(), &[name]).1["findings"][0]["fingerprint"].clone();
    assert_eq!(print("a.json"), print("days"));
    let (_, report) = report(files.path(), &["days"]);
    let message = report["findings"][0]["message"].as_str().unwrap();
    assert!(
        message.contains("made 3 calls. s3:DeleteBucket (2 times), s3:CreateBucket from 2026-08-01T10:00:00Z to"),
        "{message}"
    );
    // A waiver holds for it.
    std::fs::write(
        files.path().join("rootlint.toml"),
        "[[waiver]]\nchecks = [\"root-usage\"]\naddress = \"arn:aws:iam::111122223333:root\"\nreason = \"the yearly drill\"\n",
    )
    .unwrap();
    let (code, text) = run(files.path(), &["days"], "");
    assert!(code == 0 && text.contains("1 waived"), "{text}");
}

#[test]
fn all_formats_tell_of_events() {
    let files = folder(&[("a.json", records(&[call("CreateBucket", "2026-08-01T10:00:00Z")]).as_bytes())]);
    let (_, human) = run(files.path(), &["a.json"], "");
    for part in ["medium[root-usage]: The root user of account 111122223333 made 1 call.", "a.json:1:13", "192.0.2.10"]
    {
        assert!(human.contains(part), "{part}: {human}");
    }
    for format in ["sarif", "github", "gitlab", "junit", "markdown"] {
        let (code, text) = run(files.path(), &["a.json", "--format", format], "");
        assert!(code == 1 && text.contains("a.json") && text.contains("root-usage"), "{format}: {text}");
    }
    let (code, piped) = run(files.path(), &["-"], &call("CreateBucket", "2026-08-01T10:00:00Z").to_string());
    assert!(code == 1 && piped.contains("<standard input>:1:1"), "{piped}");
}

#[test]
fn own_rules_run_over_the_same_events() {
    let rule = |id: &str, detection: &str| {
        format!(
            "title: Buckets\n{id}level: low\nlogsource:\n  product: aws\n  service: cloudtrail\ndetection:\n{detection}"
        )
    };
    let bucket = "  s:\n    eventName|endswith: bucket\n  condition: s\n";
    let files = folder(&[
        ("a.json", records(&[call("CreateBucket", "2026-08-01T10:00:00Z")]).as_bytes()),
        ("rules/by-name.yml", rule("", bucket).as_bytes()),
        ("rules/deep/by-id.yaml", rule("id: abc\n", bucket).as_bytes()),
        ("rules/again.yml", rule("id: abc\n", bucket).as_bytes()),
        ("rules/count.yml", rule("", "  s:\n    a: 1\n  condition: s | count() > 5\n").as_bytes()),
        ("rules/notes.txt", b"no rule"),
    ]);
    let (code, report) = report(files.path(), &["a.json", "--sigma", "rules"]);
    let found: Vec<&str> =
        report["findings"].as_array().unwrap().iter().map(|one| one["check"].as_str().unwrap()).collect();
    assert_eq!((code, found), (1, vec!["root-usage", "sigma/abc", "sigma/by-name"]));
    assert_eq!(errors(&report), ["sigma-unsupported rules/count.yml:9:16", "sigma-invalid rules/deep/by-id.yaml:1:8"]);
    let own = &report["findings"][1];
    assert_eq!((&own["severity"], &own["resource"]), (&json!("low"), &json!("111122223333")));
    assert!(own["message"].as_str().unwrap().starts_with("Buckets: 1 event in account 111122223333."));
    // They are named like checks.
    let only = |id: &str| run(files.path(), &["a.json", "--sigma", "rules", "--only", id], "");
    assert_eq!(only("sigma/abc").0, 3);
    let (code, text) = only("sigma/abd");
    assert!(code == 2 && text.contains("did you mean `sigma/abc`?"), "{text}");
}

/// A trail whose events of root somebody is told of, where `alarmed`; an organization; its account.
fn code(alarmed: bool) -> String {
    let rule = r#"
resource "aws_cloudwatch_event_rule" "root" {
  event_pattern = jsonencode({ detail = { userIdentity = { type = ["Root"] } } })
  state         = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
}

resource "aws_cloudwatch_event_target" "root" {
  rule = aws_cloudwatch_event_rule.root.name
  arn  = aws_sns_topic.root.arn
}

resource "aws_sns_topic" "root" {
  name = "root"
}

resource "aws_sns_topic_subscription" "root" {
  topic_arn = aws_sns_topic.root.arn
  protocol  = "email"
  endpoint  = "security@example.com"
}
"#;
    let trail = r#"
provider "aws" {
  region              = "us-east-1"
  allowed_account_ids = ["111122223333"]
}

resource "aws_cloudtrail" "all" {
  name                  = "all"
  s3_bucket_name        = "trails"
  is_multi_region_trail = true
}
"#;
    format!("{trail}{}", if alarmed { rule } else { "" })
}

fn check(folder: &Path, arguments: &[&str]) -> (i32, Value) {
    let mut command = Command::cargo_bin("rootlint").unwrap();
    let output = command.current_dir(folder).args(["check", ".", "--format", "json"]).args(arguments).output().unwrap();
    let report = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    (output.status.code().unwrap(), report)
}

fn messages<'r>(report: &'r Value, check: &str) -> Vec<&'r str> {
    let findings = report["findings"].as_array().unwrap().iter().filter(|finding| finding["check"] == check);
    findings.map(|finding| finding["message"].as_str().unwrap()).collect()
}

#[test]
fn events_are_told_with_the_monitors_of_their_account() {
    let event = call("CreateBucket", "2026-08-01T10:00:00Z");
    let other = event.to_string().replace("111122223333", "444455556666");
    let files = folder(&[
        ("infra/main.tf", code(true).as_bytes()),
        ("events.json", records(std::slice::from_ref(&event)).as_bytes()),
        ("other.json", other.as_bytes()),
    ]);
    let (exit, report) = check(files.path(), &["--cloudtrail", "events.json"]);
    let told = messages(&report, "root-usage");
    assert!(exit == 1 && told[0].contains("A monitor in the code should have told somebody"), "{told:?}");
    assert_eq!(report["findings"][0]["related"][0]["location"]["path"], "infra/main.tf");
    let told = check(files.path(), &["--cloudtrail", "other.json"]).1;
    assert!(!messages(&told, "root-usage")[0].contains("code"), "another account: {told}");
    std::fs::write(files.path().join("infra/main.tf"), code(false)).unwrap();
    let told = check(files.path(), &["--cloudtrail", "events.json"]).1;
    assert!(
        messages(&told, "root-usage")[0].ends_with("The code tells nobody of a call of root that changes something.")
    );
    // Whose account the code is about may not be known.
    std::fs::write(files.path().join("infra/main.tf"), code(true).replace("allowed_account_ids", "# ")).unwrap();
    let told = check(files.path(), &["--cloudtrail", "events.json"]).1;
    assert!(messages(&told, "root-usage")[0].contains(", if it is about this account ("), "{told}");
    assert_eq!(check(files.path(), &["--cloudtrail", "nowhere"]).0, 2);
}

#[test]
fn a_key_that_root_made_is_told_with_the_code_that_let_it() {
    let mut event = call("CreateAccessKey", "2026-08-01T10:00:00Z");
    event["eventSource"] = json!("iam.amazonaws.com");
    let organization = "resource \"aws_organizations_organization\" \"o\" {\n  feature_set          = \"ALL\"\n  enabled_policy_types = [\"SERVICE_CONTROL_POLICY\"]\n}\n";
    let files = folder(&[
        ("main.tf", organization.as_bytes()),
        ("events.json", records(&[event]).as_bytes()),
        ("rootlint.toml", b"[organization]\naccounts = [\"111122223333\"]\n"),
    ]);
    let of = |arguments: &[&str]| check(files.path(), arguments).1;
    let alone = of(&[]);
    let joined = of(&["--cloudtrail", "events.json"]);
    let severity = |report: &Value| {
        let finding = report["findings"].as_array().unwrap().iter().find(|one| one["check"] == "root-key-not-denied");
        finding.unwrap()["severity"].clone()
    };
    assert_eq!((severity(&alone), severity(&joined)), (json!("high"), json!("critical")));
    assert!(messages(&joined, "root-key-not-denied")[0].contains("made an access key for itself"));
    assert!(messages(&joined, "root-access-key-created").is_empty());
    // Whether the account belongs to the organization is not known: two findings.
    std::fs::write(files.path().join("rootlint.toml"), "").unwrap();
    let apart = of(&["--cloudtrail", "events.json"]);
    assert!(messages(&apart, "root-access-key-created")[0].contains("that is only possible"), "{apart}");
    assert_eq!(severity(&apart), json!("high"));
}
