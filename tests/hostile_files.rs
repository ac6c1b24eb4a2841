//! File systems made to hide, to hang or to lead astray: what cannot be read is named, and the rest is analysed.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use rootlint::files::{FileError, Files, Kind, Listing, Memory};
use rootlint::scan::{self, Options};
use serde_json::Value;

use common::folder;

mod common;

/// A key for root that must be found whatever lies beside it.
const GOOD: &str = "resource \"aws_iam_access_key\" \"good\" {\n  user = \"root\"\n}\n";

fn report(folder: &Path) -> Value {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("rootlint"));
    let output = command.current_dir(folder).args(["check", "--format", "json"]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn messages(report: &Value) -> Vec<String> {
    let errors = report["errors"].as_array().unwrap();
    errors.iter().map(|error| error["message"].as_str().unwrap().to_owned()).collect()
}

/// The key beside it is found, and the run is not complete.
fn the_rest_is_analysed(report: &Value) {
    assert!(report["findings"].as_array().unwrap().iter().any(|finding| finding["check"] == "root-access-key"));
    assert_eq!(report["summary"]["complete"], false);
}

#[test]
fn links_that_lead_nowhere_out_or_in_a_circle_are_named() {
    let outside = folder(&[("secret.tf", GOOD)]);
    let folder = folder(&[("good/main.tf", GOOD)]);
    for (link, target) in [
        ("dangling.tf", Path::new("nowhere.tf")),
        ("self.tf", Path::new("self.tf")),
        ("a.tf", Path::new("b.tf")),
        ("b.tf", Path::new("a.tf")),
        ("out.tf", &outside.path().join("secret.tf")),
        ("device.tf", Path::new("/dev/zero")),
    ] {
        symlink(target, folder.path().join(link)).unwrap();
    }
    symlink(".", folder.path().join("loop")).unwrap();
    symlink(outside.path(), folder.path().join("elsewhere")).unwrap();
    let report = report(folder.path());
    the_rest_is_analysed(&report);
    assert_eq!(
        report["findings"].as_array().unwrap().iter().filter(|one| one["check"] == "root-access-key").count(),
        1
    );
    let messages = messages(&report);
    for (link, why) in [
        ("dangling.tf", "no such file"),
        ("self.tf", "cannot be read"),
        ("a.tf", "cannot be read"),
        ("b.tf", "cannot be read"),
        ("out.tf", "outside the scanned folder"),
        ("device.tf", "outside the scanned folder"),
    ] {
        let told = |message: &String| message.starts_with(link) && message.contains(why);
        assert!(messages.iter().any(told), "{link}: {messages:?}");
    }
}

#[test]
fn a_socket_is_named_and_not_opened() {
    let folder = folder(&[("good/main.tf", GOOD)]);
    let _open = std::os::unix::net::UnixListener::bind(folder.path().join("socket.tf")).unwrap();
    let report = report(folder.path());
    the_rest_is_analysed(&report);
    assert_eq!(messages(&report), ["socket.tf is not a regular file"]);
}

/// Files of which some are listed and then cannot be read.
struct Spoilt {
    files: Memory,
    spoilt: &'static str,
    error: fn() -> FileError,
}

impl Files for Spoilt {
    fn list(&self, folder: &Utf8Path) -> Result<Listing, FileError> {
        if folder == self.spoilt { Err((self.error)()) } else { self.files.list(folder) }
    }

    fn resolve(&self, path: &Utf8Path) -> Result<(Utf8PathBuf, Kind), FileError> {
        self.files.resolve(path)
    }

    fn read(&self, path: &Utf8Path, limit: u64) -> Result<Vec<u8>, FileError> {
        if path == self.spoilt { Err((self.error)()) } else { self.files.read(path, limit) }
    }
}

#[test]
fn what_vanishes_or_may_not_be_read_is_named() {
    let template = "Resources:\n  B:\n    Type: AWS::S3::Bucket\n";
    for spoilt in ["bad/main.tf", "bad/t.yaml", "bad/terraform.tfvars", "bad/plan.json", "bad/deep"] {
        for (error, words) in [
            ((|| FileError::NotFound) as fn() -> FileError, "no such file or folder"),
            (|| FileError::Io("Permission denied (os error 13)".into()), "cannot be read: Permission denied"),
            (|| FileError::TooLarge(7), "is larger than the limit of 7 bytes"),
        ] {
            let files: Memory = [
                ("good/main.tf", GOOD),
                ("bad/main.tf", "variable \"x\" {}\n"),
                ("bad/terraform.tfvars", "x = 1\n"),
                ("bad/t.yaml", template),
                (
                    "bad/plan.json",
                    "{\"format_version\": \"1.2\", \"planned_values\": {}, \"terraform_version\": \"1.11.4\"}",
                ),
                ("bad/deep/main.tf", ""),
            ]
            .into_iter()
            .collect();
            let options = Options { paths: vec!["".into()], ..Options::default() };
            let outcome = scan::check(&Spoilt { files, spoilt, error }, &options);
            assert!(outcome.findings.findings.iter().any(|finding| finding.check == "root-access-key"), "{spoilt}");
            let told = outcome.findings.errors.iter().any(|found| {
                found.message.contains(words) && outcome.sources.path(found.span.file).as_str().starts_with(spoilt)
            });
            assert!(told, "{spoilt} {words}: {:?}", outcome.findings.errors);
        }
    }
}

#[test]
fn a_folder_of_a_hundred_thousand_entries_costs_little() {
    let folder = folder(&[("good/main.tf", GOOD)]);
    let many = folder.path().join("many");
    std::fs::create_dir(&many).unwrap();
    for n in 0..100_000 {
        std::fs::File::create(many.join(format!("file-{n}.txt"))).unwrap();
    }
    let start = Instant::now();
    let report = report(folder.path());
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
    assert_eq!(report["findings"][0]["check"], "root-access-key");
    assert_eq!((&report["errors"], &report["summary"]["complete"]), (&Value::Array(Vec::new()), &Value::Bool(true)));
}

/// Locals each of which is made from the one before.
fn chain(first: &str, next: &str, use_it: &str) -> String {
    let mut text = format!("locals {{\n  a0 = {first}\n");
    for level in 1..30 {
        text.push_str(&format!("  a{level} = {}\n", next.replace('@', &format!("local.a{}", level - 1))));
    }
    text + &format!("}}\nresource \"aws_iam_access_key\" \"k\" {{\n  user = {use_it}\n}}\n{GOOD}")
}

/// The most memory that the program had, in MiB.
#[cfg(target_os = "linux")]
fn peak(folder: &Path) -> u64 {
    let mut child = Command::new(assert_cmd::cargo::cargo_bin("rootlint"))
        .current_dir(folder)
        .arg("check")
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        // The system keeps the highest figure, so what is read last is what counts.
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        peak = kilobytes.unwrap_or(0_u64).max(peak);
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(matches!(child.wait().unwrap().code(), Some(0..=3)));
    peak / 1024
}

#[cfg(target_os = "linux")]
#[test]
fn a_kilobyte_never_costs_more_than_200_megabytes() {
    let key = |user: &str| format!("resource \"aws_iam_access_key\" \"k\" {{\n  user = {user}\n}}\n");
    let organization = "resource \"aws_organizations_organization\" \"o\" {\n}\nresource \"aws_organizations_policy_attachment\" \"p\" {\n  \
                        policy_id = aws_organizations_policy.p.id\n  target_id = aws_organizations_organization.o.roots[0].id\n}\n";
    let numbers = (0..60).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
    let x = "locals {\n  x = \"x\"\n}\n";
    let many = |block: &str, argument: &str| {
        let (kind, name) = block.split_once('.').unwrap();
        format!("resource \"{kind}\" \"{name}\" {{\n  count = 29999\n  {argument}\n}}\n")
    };
    let inputs = [
        ("main.tf", chain("\"abcdefgh\"", "\"${@}${@}\"", "local.a29")),
        ("main.tf", chain("[1, 2]", "[@, @, @]", "jsonencode(local.a29)")),
        ("main.tf", key("flatten([for i in range(1000) : [for j in range(1000) : \"x${i}y${j}\"]])[0]")),
        ("main.tf", key("merge([for i in range(1000) : {for j in range(1000) : \"x${i}y${j}\" => j}]...)[\"x0y0\"]")),
        ("main.tf", format!("{}{}", key("\"root\"").replace("{\n", "{\n  count = 29999\n"), GOOD)),
        // Nothing of the instances can hold the key's secret; all of it can; none does, which only looking at each tells.
        ("main.tf", format!("{x}{}{}", key("\"u\""), many("aws_s3_bucket.b", "bucket = local.x"))),
        (
            "main.tf",
            format!(
                "{x}{}{}{}",
                key("\"u\""),
                many("aws_s3_bucket.a", "tags = { x = \"${local.x}${aws_iam_access_key.k.secret}\" }"),
                many("aws_s3_bucket.b", "bucket = aws_s3_bucket.a[count.index].arn"),
            ),
        ),
        (
            "main.tf",
            format!(
                "{}{}",
                key("\"u\""),
                many("aws_instance.b", "user_data = \"${aws_iam_access_key.k.id}${jsonencode(range(30))}\""),
            ),
        ),
        (
            "main.tf",
            format!(
                "{organization}data \"aws_iam_policy_document\" \"d\" {{\n  dynamic \"statement\" {{\n    for_each = range(1000)\n    content {{\n      \
                 effect = \"Deny\"\n      actions = [for i in range(1000) : \"iam:a${{i}}\"]\n      resources = [for i in range(1000) : \"r${{i}}\"]\n    }}\n  }}\n}}\n\
                 resource \"aws_organizations_policy\" \"p\" {{\n  name = \"x\"\n  content = data.aws_iam_policy_document.d.json\n}}\n"
            ),
        ),
        (
            "main.tf",
            format!(
                "{organization}resource \"aws_organizations_policy\" \"p\" {{\n  count = 2000\n  name = \"x\"\n  content = jsonencode({{ Version = \"2012-10-17\", Statement = \
                 [{{ Effect = \"Deny\", Action = \"*\", Resource = format(\"%9999s\", \"x\") }}] }})\n}}\n"
            ),
        ),
        (
            "t.yaml",
            format!(
                "Transform: AWS::LanguageExtensions\nResources:\n  Fn::ForEach::A:\n  - A\n  - [{numbers}]\n  - Fn::ForEach::B:\n    - B\n    - [{numbers}]\n    - \
                 Fn::ForEach::C:\n      - C\n      - [{numbers}]\n      - K${{A}}x${{B}}x${{C}}:\n          Type: AWS::IAM::AccessKey\n          Properties: {{UserName: root}}\n"
            ),
        ),
    ];
    for (path, text) in inputs {
        assert!(text.len() < 2048, "{}", text.len());
        let folder = folder(&[(path, &text)]);
        let peak = peak(folder.path());
        assert!(peak > 0 && peak < 200, "{peak} MiB for\n{text}");
    }
}
