//! Facts: what a repository says of itself to others is what it says to itself, in whatever order and parts it comes.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use assert_cmd::Command;
use camino::{Utf8Path, Utf8PathBuf};
use jiff::Timestamp;
use proptest::prelude::*;
use rootlint::config::Config;
use rootlint::facts::read::{Trust, read};
use rootlint::facts::{self, About, Joined};
use rootlint::files::{Disk, Files, Memory};
use rootlint::finding::Findings;
use rootlint::report::place::Texts;
use rootlint::scan::{self, Options, Outcome};
use serde_json::Value;

mod common;

use common::folder;

/// The checks that look at nothing but what facts tell.
const TOLD: [&str; 6] = [
    "root-access-key",
    "root-key-not-denied",
    "ineffective-root-guard",
    "unrotated-access-key",
    "unmonitored-root-activity",
    "no-centralized-root-access",
];

const NOW: &str = "2026-11-22T12:00:00Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn rootlint() -> Command {
    Command::cargo_bin("rootlint").unwrap()
}

/// Every case of every check that is a plain project.
fn cases() -> Vec<PathBuf> {
    let within = |folder: PathBuf| -> Vec<PathBuf> {
        let mut found: Vec<PathBuf> = match fs::read_dir(folder) {
            Ok(entries) => entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect(),
            Err(_) => Vec::new(),
        };
        found.sort();
        found
    };
    let checks = within(Path::new(env!("CARGO_MANIFEST_DIR")).join("checks"));
    let cases = checks.into_iter().flat_map(|check| {
        let kinds = ["flag", "clean"].map(|kind| check.join("cases").join(kind));
        kinds.into_iter().flat_map(within).collect::<Vec<_>>()
    });
    cases.filter(|case| !case.join("args").exists()).collect()
}

fn options(case: &Path) -> Options {
    let mut options = Options { paths: vec!["".into()], now: now(), jobs: Some(1), ..Options::default() };
    if let Ok(text) = fs::read_to_string(case.join("rootlint.toml")) {
        options.config = Config::parse("rootlint.toml".into(), &text, true).unwrap();
    }
    options
}

/// What facts would be of the project in a folder.
fn facts_of(files: &dyn Files, options: &Options, repository: &str) -> String {
    let about = About { repository: repository.to_owned(), commit: None, time: options.now };
    let (found, settings, outcome) = scan::facts(files, options);
    let (declared, recorded): (Vec<_>, Vec<_>) = found.into_iter().unzip();
    facts::write(&about, (&declared, &recorded), &settings, &outcome.findings, (&outcome.sources, files))
}

/// What is said, with where, without the name of the repository.
fn said(outcome: &Outcome, files: &dyn Files) -> (BTreeSet<String>, Vec<String>) {
    let mut texts = Texts::default();
    let Findings { findings, undecided, errors, .. } = &outcome.findings;
    let mut place = |span| {
        texts.load(span, &outcome.sources, files);
        let place = texts.place(span);
        format!("{} {:?} {:?}", place.path, place.start, place.end)
    };
    let mut all = BTreeSet::new();
    for finding in findings.iter().filter(|finding| TOLD.contains(&&*finding.check)) {
        let related: Vec<String> = finding
            .related
            .iter()
            // What the AWS CDK says of its constructs is beside the resources.
            .filter(|related| !related.message.starts_with("construct ") && !related.message.starts_with("made here"))
            .map(|related| format!("{} {}", related.message.split(" (R, scanned").next().unwrap(), place(related.span)))
            .collect();
        let text = format!(
            "{} {:?} {:?} {} [{}] {:?} {:?} {:?} {:?}",
            finding.check,
            finding.severity,
            finding.confidence,
            finding.message,
            place(finding.primary),
            finding.instances,
            finding.missing,
            finding.witness,
            related
        );
        all.insert(text.replace("R//", ""));
    }
    for open in undecided.iter().filter(|open| TOLD.contains(&&*open.check)) {
        let text = format!("undecided {} {} [{}]", open.check, open.message, place(open.span));
        all.insert(text.replace("R//", ""));
    }
    let errors = errors.iter().filter(|error| error.code.starts_with("facts"));
    (all, errors.map(|error| error.message.clone()).collect())
}

#[test]
fn every_case_is_judged_by_its_facts_as_by_its_files() {
    let (mut wrong, mut found) = (Vec::new(), 0);
    for case in cases() {
        let path = Utf8PathBuf::from_path_buf(case.clone()).unwrap();
        let files = Disk::new(&path).unwrap();
        let options = options(&case);
        let own = scan::check(&files, &options);
        let mut joined = Joined::default();
        joined.add("facts.jsonl".into(), facts_of(&files, &options, "R").as_bytes());
        let mut nothing = Memory::default();
        if let Ok(config) = fs::read(case.join("rootlint.toml")) {
            nothing.insert("rootlint.toml", config);
        }
        let mut config = options.config.clone();
        // Projects of other repositories have other names.
        for (path, _) in &mut config.accounts {
            *path = Utf8PathBuf::from(format!("R//{path}"));
        }
        for path in &mut config.organization_projects {
            *path = Utf8PathBuf::from(format!("R//{path}"));
        }
        let abroad = Options { facts: Some(Arc::new(joined)), everywhere: true, config, ..options.clone() };
        let told = scan::check(&nothing, &abroad);
        let ((own, _), (told, errors)) = (said(&own, &files), said(&told, &nothing));
        found += own.len();
        if own != told || !errors.is_empty() {
            let only = |one: &BTreeSet<String>, other| -> Vec<String> { one.difference(other).cloned().collect() };
            wrong.push(format!(
                "{}\n  here {:#?}\n  facts {:#?}\n  {errors:?}",
                case.display(),
                only(&own, &told),
                only(&told, &own)
            ));
        }
    }
    assert!(found > 300, "only {found} results were compared");
    assert!(wrong.is_empty(), "{} cases differ:\n{}", wrong.len(), wrong.join("\n"));
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

const TREE: &str = r#"
resource "aws_organizations_organization" "this" {
  feature_set          = "ALL"
  enabled_policy_types = ["SERVICE_CONTROL_POLICY"]
}
resource "aws_organizations_organizational_unit" "workloads" {
  name      = "workloads"
  parent_id = "r-ab12"
}
resource "aws_organizations_account" "one" {
  name      = "one"
  email     = "one@example.com"
  parent_id = aws_organizations_organizational_unit.workloads.id
}
"#;

const POLICY: &str = r#"
resource "aws_organizations_policy" "deny" {
  name    = "deny-root-keys"
  content = <<-EOT
    {
      "Version": "2012-10-17",
      "Statement": [{
        "Sid": "NoRootKeys",
        "Effect": "Deny",
        "Action": "iam:CreateAccessKey",
        "Resource": "*",
        "Condition": { "StringLike": { "aws:PrincipalArn": "arn:aws:iam::*:root" } }
      }]
    }
  EOT
}
resource "aws_organizations_policy_attachment" "deny" {
  policy_id = aws_organizations_policy.deny.id
  target_id = "r-ab12"
}
"#;

const KEY: &str = r#"
provider "aws" {
  region              = "eu-west-1"
  allowed_account_ids = ["111122223333"]
}
resource "aws_iam_user" "deploy" {
  name = "deploy"
}
resource "aws_iam_access_key" "deploy" {
  user = aws_iam_user.deploy.name
}
"#;

const ROTATION: &str = r#"
provider "aws" {
  region              = "eu-west-1"
  allowed_account_ids = ["111122223333"]
}
resource "aws_config_config_rule" "keys" {
  name = "access-keys-rotated"
  source {
    owner             = "AWS"
    source_identifier = "ACCESS_KEYS_ROTATED"
  }
  input_parameters = jsonencode({ maxAccessKeyAge = "60" })
}
resource "aws_config_remediation_configuration" "keys" {
  config_rule_name = aws_config_config_rule.keys.name
  target_type      = "SSM_DOCUMENT"
  target_id        = "AWSConfigRemediation-RevokeUnusedIAMUserCredentials"
  automatic        = true
}
"#;

/// A repository with a remote, and its facts in a file.
fn repository(name: &str, source: &str) -> (tempfile::TempDir, String) {
    let folder = folder(&[("main.tf", source)]);
    let config = format!("[remote \"origin\"]\n\turl = https://user:token@GitHub.com/acme/{name}.git\n");
    fs::write(folder.path().join(".git/config"), config).unwrap();
    let output = rootlint().args(["facts", "--now", NOW]).current_dir(folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    (folder, String::from_utf8(output.stdout).unwrap())
}

/// The report of a check in a folder with facts in another.
fn report(folder: &Path, facts: &Path, more: &[&str]) -> (Value, i32) {
    let mut command = rootlint();
    command.args(["check", "--format", "json", "--now", NOW, "--facts"]).arg(facts).args(more).current_dir(folder);
    let output = command.output().unwrap();
    let report = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    (report, output.status.code().unwrap())
}

fn of<'r>(report: &'r Value, list: &str, key: &str, name: &str) -> Vec<&'r Value> {
    report[list].as_array().unwrap().iter().filter(|row| row[key] == name).collect()
}

#[test]
fn a_policy_of_another_repository_covers_the_organization_of_this_one() {
    let (tree, _) = repository("tree", TREE);
    let (_scp, facts) = repository("scp", POLICY);
    let shelf = tempfile::tempdir().unwrap();
    fs::write(shelf.path().join("scp.jsonl"), &facts).unwrap();
    let alone = rootlint().args(["check", "--format", "json"]).current_dir(tree.path()).output().unwrap();
    let alone: Value = serde_json::from_slice(&alone.stdout).unwrap();
    assert_eq!(of(&alone, "findings", "check", "root-key-not-denied").len(), 1);
    let (report, _) = report(tree.path(), shelf.path(), &[]);
    assert!(of(&report, "findings", "check", "root-key-not-denied").is_empty(), "{report:#}");
    let notes = of(&report, "notes", "code", "denied-by-facts");
    let [note] = notes.as_slice() else { panic!("{notes:?}") };
    assert_eq!(note["location"]["path"], "github.com/acme/scp//main.tf");
    assert_eq!(
        note["location"]["start"]["line"],
        POLICY.lines().position(|line| line.contains("Statement")).unwrap() + 1
    );
    // The whole tree, by facts alone.
    fs::write(shelf.path().join("tree.jsonl"), repository("tree", TREE).1).unwrap();
    let elsewhere = folder(&[]);
    let org = rootlint().args(["org", "--facts"]).arg(shelf.path()).current_dir(elsewhere.path()).output().unwrap();
    assert_eq!(org.status.code(), Some(0));
    let shown = String::from_utf8(org.stdout).unwrap();
    assert!(shown.contains(
        "denied  aws_organizations_account.one: statement `NoRootKeys` denies it (github.com/acme/scp//main.tf:"
    ));
}

#[test]
fn a_key_is_told_of_rotation_that_lives_elsewhere() {
    let (app, _) = repository("app", KEY);
    let shelf = tempfile::tempdir().unwrap();
    fs::write(shelf.path().join("security.jsonl"), repository("security", ROTATION).1).unwrap();
    let (with, code) = report(app.path(), shelf.path(), &[]);
    assert_eq!(code, 0, "{with:#}");
    assert!(of(&with, "findings", "check", "unrotated-access-key").is_empty(), "{with:#}");
    let notes = of(&with, "notes", "code", "rotated-by-facts");
    assert_eq!(notes[0]["location"]["path"], "github.com/acme/security//main.tf", "{with:#}");
    // In another account it is none of the key's.
    let other = ROTATION.replace("111122223333", "444455556666");
    fs::write(shelf.path().join("security.jsonl"), repository("security", &other).1).unwrap();
    let (without, code) = report(app.path(), shelf.path(), &[]);
    assert_eq!(code, 1);
    let finding = of(&without, "findings", "check", "unrotated-access-key")[0];
    let related = &finding["related"].as_array().unwrap().last().unwrap()["location"]["path"];
    assert_eq!(related, "github.com/acme/security//main.tf");
    assert!(finding["message"].as_str().unwrap().contains("444455556666"), "{finding:#}");
}

#[test]
fn what_lies_elsewhere_is_reported_only_if_asked_for() {
    let (tree, _) = repository("tree", TREE);
    let shelf = tempfile::tempdir().unwrap();
    fs::write(shelf.path().join("app.jsonl"), repository("app", KEY).1).unwrap();
    // The facts of the repository itself make nothing twice.
    fs::write(shelf.path().join("tree.jsonl"), repository("tree", TREE).1).unwrap();
    let (here, _) = report(tree.path(), shelf.path(), &[]);
    assert!(of(&here, "findings", "check", "unrotated-access-key").is_empty());
    assert_eq!(of(&here, "findings", "check", "root-key-not-denied").len(), 1);
    assert_eq!(of(&here, "notes", "code", "facts-here").len(), 1);
    let (all, _) = report(tree.path(), shelf.path(), &["--everywhere"]);
    let keys = of(&all, "findings", "check", "unrotated-access-key");
    assert_eq!(keys[0]["location"]["path"], "github.com/acme/app//main.tf");
    assert_eq!(keys[0]["location"]["start"]["line"], 10);
    assert_eq!(of(&all, "findings", "check", "root-key-not-denied").len(), 1);
}

#[test]
fn facts_hold_no_secrets() {
    let source = r#"
variable "name" {
  default   = "sensitive-name"
  sensitive = true
}
resource "aws_iam_user" "a" {
  name = var.name
}
resource "aws_iam_access_key" "a" {
  user = aws_iam_user.a.name
}
resource "aws_iam_access_key" "b" {
  user = "AKIAIOSFODNN7EXAMPLE"
}
locals {
  hidden = [{ Sid = "Whole", Effect = "Deny", Action = "iam:WhollyHidden", Resource = "*" }]
}
resource "aws_organizations_policy" "whole" {
  name    = "whole"
  content = sensitive(jsonencode({ Version = "2012-10-17", Statement = local.hidden }))
}
resource "aws_organizations_policy" "part" {
  name = "part"
  content = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Sid = "shown", Effect = "Deny", Action = sensitive("iam:hush"), Resource = "*" }]
  })
}
resource "aws_cloudwatch_event_rule" "rotate" {
  schedule_expression = "rate(30 days)"
}
resource "aws_cloudwatch_event_target" "rotate" {
  rule = aws_cloudwatch_event_rule.rotate.name
  arn  = aws_lambda_function.rotate.arn
}
resource "aws_lambda_function" "rotate" {
  function_name = "rotate"
  role          = aws_iam_role.rotate.arn
  environment {
    variables = { PASSWORD = "open-sesame", DRY_RUN = "true" }
  }
}
resource "aws_iam_role" "rotate" {
  name = "rotate"
}
resource "aws_iam_role_policy" "rotate" {
  role   = aws_iam_role.rotate.id
  policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "iam:*AccessKey*", Resource = "*" }] })
}
"#;
    let (_folder, facts) = repository("app", source);
    for secret in ["sensitive-name", "open-sesame", "WhollyHidden", "iam:hush", "AKIAIOSFODNN7EXAMPLE", "user:token"] {
        assert!(!facts.contains(secret), "{secret}");
    }
    // What is left out is what others cannot need: the function that only rehearses is known by that.
    assert!(facts.contains("\"kind\":\"rotation\"") && facts.contains("DRY_RUN"), "{facts}");
}

/// Lines of several repositories, one of them scanned twice.
fn all_lines() -> Vec<String> {
    let files = |source: &str| {
        let mut files = Memory::default();
        files.insert("main.tf", source);
        files
    };
    let sources = [("tree", TREE, 0), ("scp", POLICY, 0), ("app", KEY, 0), ("security", ROTATION, 0), ("app", TREE, 1)];
    let of = |(name, source, hours): (&str, &str, i64)| {
        let time = now() - jiff::SignedDuration::from_hours(hours);
        let options = Options { paths: vec!["".into()], now: time, jobs: Some(1), ..Options::default() };
        facts_of(&files(source), &options, name)
    };
    sources.into_iter().flat_map(|source| of(source).lines().map(str::to_owned).collect::<Vec<_>>()).collect()
}

fn joined<'l>(lines: impl IntoIterator<Item = &'l String>) -> Joined {
    let mut joined = Joined::default();
    let text: Vec<&str> = lines.into_iter().map(String::as_str).collect();
    joined.add("facts.jsonl".into(), text.join("\n").as_bytes());
    joined.reduced()
}

/// The findings, undecided questions, errors and notes of a run over facts alone, as words with places.
fn verdict(joined: Joined) -> String {
    let options = Options {
        paths: vec!["".into()],
        now: now(),
        facts: Some(Arc::new(joined)),
        everywhere: true,
        jobs: Some(2),
        ..Options::default()
    };
    let files = Memory::default();
    let outcome = scan::check(&files, &options);
    let rules = Vec::new();
    let context = rootlint::report::Context::plain(&outcome.sources, &files, &rules, outcome.summary);
    rootlint::report::json::render(&rootlint::report::Report::new(outcome.findings.clone(), &context))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Joining is associative and commutative, and joining again changes nothing.
    #[test]
    fn order_and_parts_make_no_difference(
        lines in Just(all_lines()).prop_shuffle(),
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 1..4),
        first in any::<bool>(),
    ) {
        let whole = joined(&all_lines());
        let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(lines.len() + 1)).collect();
        at.extend([0, lines.len()]);
        at.sort_unstable();
        let parts: Vec<Joined> = at.windows(2).map(|pair| joined(&lines[pair[0]..pair[1]])).collect();
        let left = parts.iter().cloned().fold(Joined::default(), Joined::join);
        let right = parts.iter().cloned().rev().fold(Joined::default(), |all, part| part.join(all));
        prop_assert_eq!(&left, &whole);
        prop_assert_eq!(&right, &whole);
        prop_assert_eq!(&left.clone().join(whole.clone()), &whole);
        // Also by way of files.
        let written: Vec<String> = left.lines().map(str::to_owned).collect();
        prop_assert_eq!(&joined(&written), &whole);
        if first {
            prop_assert_eq!(verdict(left), verdict(whole));
        }
    }
}

#[test]
fn the_latest_scan_counts_and_parts_that_are_missing_are_told() {
    let lines = all_lines();
    let words = verdict(joined(&lines));
    assert!(words.contains("there are facts of another scan of app"), "{words}");
    // The older scan of `app` declares an organization; the later one does not.
    assert_eq!(words.matches("\"check\": \"root-key-not-denied\"").count(), 0, "{words}");
    let without: Vec<String> = lines.iter().filter(|line| !line.contains("aws_iam_user\"")).cloned().collect();
    assert!(verdict(joined(&without)).contains("lines of the facts of app are missing"));
    let headless: Vec<String> =
        lines.iter().filter(|line| !line.contains("\"kind\":\"repository\"")).cloned().collect();
    assert!(verdict(joined(&headless)).contains("have no first line"));
}

#[test]
fn what_is_no_line_of_facts_is_an_error_with_its_place() {
    let lines = all_lines();
    let shelf = tempfile::tempdir().unwrap();
    let newer = lines[0].replace("\"schema\":1", "\"schema\":2");
    let odd = lines[1].replacen("\"header\":[0,", "\"header\":[7,", 1);
    let whole = [lines[0].as_str(), "{", "[]", "{\"kind\":\"key\"}", &newer, &odd, "\u{1}"].join("\n");
    fs::write(shelf.path().join("broken.jsonl"), whole).unwrap();
    let here = folder(&[("main.tf", KEY)]);
    let (report, code) = report(here.path(), shelf.path(), &[]);
    assert_eq!(code, 1);
    // What is wrong is wrong once, however often it is joined.
    let mut broken = Joined::default();
    broken.add("broken.jsonl".into(), b"{\n[]\n");
    assert_eq!(broken.problems().len(), 2);
    assert_eq!(broken.clone().join(broken.clone()), broken);
    let errors = of(&report, "errors", "code", "facts-syntax");
    let at: Vec<u64> = errors.iter().filter_map(|error| error["location"]["start"]["line"].as_u64()).collect();
    // The line whose span is wrong is known only by its repository.
    assert_eq!(at, [2, 3, 4, 5, 7, 1], "{report:#}");
    assert!(report["errors"].to_string().contains("has version 2 of the format"));
    assert!(report["errors"].to_string().contains("a span is in file 7"));
}

#[test]
fn facts_that_nobody_vouches_for_are_refused_where_the_configuration_says_so() {
    let minisign::KeyPair { pk, sk } = minisign::KeyPair::generate_unencrypted_keypair().unwrap();
    let config = format!("[facts]\nkeys = [\"{}\"]\nmax-age-days = 7\n", pk.to_base64());
    let app = folder(&[("main.tf", KEY), ("rootlint.toml", &config)]);
    let shelf = tempfile::tempdir().unwrap();
    let facts = repository("security", ROTATION).1;
    let path = shelf.path().join("security.jsonl");
    fs::write(&path, &facts).unwrap();
    let (unsigned, code) = report(app.path(), shelf.path(), &[]);
    assert_eq!(code, 1);
    assert_eq!(of(&unsigned, "errors", "code", "facts-unsigned").len(), 1);
    let signature = minisign::sign(None, &sk, facts.as_bytes(), None, None).unwrap().to_string();
    fs::write(shelf.path().join("security.jsonl.minisig"), &signature).unwrap();
    let (signed, code) = report(app.path(), shelf.path(), &[]);
    assert_eq!(code, 0, "{signed:#}");
    assert!(signed["errors"].as_array().unwrap().is_empty());
    // One byte more is another file.
    fs::write(&path, format!("{facts}\n")).unwrap();
    let (forged, _) = report(app.path(), shelf.path(), &[]);
    assert_eq!(of(&forged, "errors", "code", "facts-unsigned").len(), 1);
    // A key of somebody else.
    let other = minisign::KeyPair::generate_unencrypted_keypair().unwrap();
    let signature = minisign::sign(None, &other.sk, text(&path).as_bytes(), None, None).unwrap().to_string();
    fs::write(shelf.path().join("security.jsonl.minisig"), signature).unwrap();
    let (stranger, _) = report(app.path(), shelf.path(), &[]);
    assert_eq!(of(&stranger, "errors", "code", "facts-unsigned").len(), 1);
}

#[test]
fn old_facts_are_refused_where_the_configuration_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = Utf8Path::from_path(folder.path()).unwrap().join("app.jsonl");
    fs::write(&path, repository("app", KEY).1).unwrap();
    let named = [path];
    let after = |days: i64| now() + jiff::SignedDuration::from_hours(24 * days);
    let trust = Trust { max_age_days: Some(7), ..Trust::default() };
    let young = read(&named, &trust, after(7)).unwrap();
    assert!(young.problems().is_empty() && young.repositories().count() == 1);
    let old = read(&named, &trust, after(8)).unwrap();
    assert_eq!(old.repositories().count(), 0);
    assert_eq!(old.problems()[0].code, "facts-stale");
}

const KEPT: &str = r#"
terraform {
  backend "s3" {
    bucket = "states"
    key    = "organization"
  }
}
output "root" {
  value = aws_organizations_organization.this.roots[0].id
}
output "secret" {
  value = "hunter2hunter2"
}
"#;

const READ: &str = r#"
data "terraform_remote_state" "organization" {
  backend = "s3"
  config = {
    bucket = "states"
    key    = "organization"
  }
}
"#;

#[test]
fn a_state_that_another_repository_keeps_is_read_from_its_facts() {
    let organization = "resource \"aws_organizations_organization\" \"this\" {\n  \
                        enabled_policy_types = [\"SERVICE_CONTROL_POLICY\"]\n}\n";
    let tree = format!("{organization}{KEPT}");
    let policy = POLICY.replace("\"r-ab12\"", "data.terraform_remote_state.organization.outputs.root");
    let policy = format!("{READ}{policy}");
    let (tree_folder, tree_facts) = repository("tree", &tree);
    let (policy_folder, policy_facts) = repository("scp", &policy);
    assert!(!tree_facts.contains("hunter2"), "{tree_facts}");
    let shelf = tempfile::tempdir().unwrap();
    // From where the policy is, the organization's facts tell what it is attached to.
    fs::write(shelf.path().join("tree.jsonl"), &tree_facts).unwrap();
    let (from_policy, _) = report(policy_folder.path(), shelf.path(), &["--everywhere"]);
    assert!(of(&from_policy, "findings", "check", "root-key-not-denied").is_empty(), "{from_policy:#}");
    assert!(of(&from_policy, "undecided", "check", "root-key-not-denied").is_empty(), "{from_policy:#}");
    // From where the organization is, and from nowhere, the facts of both fit together.
    fs::write(shelf.path().join("scp.jsonl"), &policy_facts).unwrap();
    let nowhere = folder(&[]);
    for here in [tree_folder.path(), nowhere.path()] {
        let (report, _) = report(here, shelf.path(), &["--everywhere"]);
        assert!(of(&report, "findings", "check", "root-key-not-denied").is_empty(), "{report:#}");
        assert!(of(&report, "undecided", "check", "root-key-not-denied").is_empty(), "{report:#}");
    }
    // Without them it is not known, and another state is another.
    fs::write(shelf.path().join("tree.jsonl"), tree_facts.replace("key organization", "key other")).unwrap();
    let (apart, _) = report(nowhere.path(), shelf.path(), &["--everywhere"]);
    assert_eq!(of(&apart, "findings", "check", "root-key-not-denied").len(), 1, "{apart:#}");
}
