//! `check --credential-report`: evidence meets code, through the program.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::fs;

use assert_cmd::Command;
use serde_json::Value;

const HEADER: &str = "user,arn,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,\
                      access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date";
const NO_ROOT_KEY: &str = "<root_account>,arn:aws:iam::111122223333:root,false,N/A,N/A,false,N/A,N/A";
const ROOT_KEY: &str = "<root_account>,arn:aws:iam::111122223333:root,true,2026-10-01T00:00:00+00:00,2026-10-30T00:00:00+00:00,false,N/A,N/A";
const OLD_KEY: &str =
    "ci,arn:aws:iam::111122223333:user/ci,true,2025-09-27T00:00:00+00:00,2026-10-31T00:00:00+00:00,false,N/A,N/A";
const STRANGER: &str = "bob,arn:aws:iam::111122223333:user/bob,true,2020-01-01T00:00:00+00:00,N/A,false,N/A,N/A";

const USER: &str = "resource \"aws_iam_user\" \"ci\" {\n  name = \"ci\"\n}\n";
const PROVIDER: &str = "provider \"aws\" {\n  allowed_account_ids = [\"111122223333\"]\n}\n";
const OTHER: &str = "provider \"aws\" {\n  allowed_account_ids = [\"444455556666\"]\n}\n";
const ORGANIZATION: &str = "resource \"aws_organizations_organization\" \"o\" {\n  feature_set          = \"ALL\"\n  enabled_policy_types = [\"SERVICE_CONTROL_POLICY\"]\n}\n";

/// The exit code and the report on a project with a credential report beside it.
fn check(code: &str, config: &str, rows: &[&str]) -> (i32, Value) {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("code")).unwrap();
    fs::write(folder.path().join("code/main.tf"), code).unwrap();
    fs::write(folder.path().join("code/rootlint.toml"), config).unwrap();
    fs::write(folder.path().join("report.csv"), format!("{HEADER}\n{}\n", rows.join("\n"))).unwrap();
    let mut command = Command::cargo_bin("rootlint").unwrap();
    let arguments = ["check", ".", "--root", ".", "--no-env", "--now", "2026-11-01", "--format", "json"];
    let skipped = "no-centralized-root-access,unrotated-access-key,waiver-unused";
    let command = command.args(arguments).args(["--credential-report", "../report.csv", "--skip", skipped]);
    let output = command.current_dir(folder.path().join("code")).output().unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    (output.status.code().unwrap(), serde_json::from_slice(&output.stdout).unwrap())
}

/// `check severity confidence path:line` of what is not waived.
fn lines(report: &Value) -> Vec<String> {
    let all = report["findings"].as_array().unwrap().iter().filter(|finding| finding["waived"].is_null());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let line = |f: &Value| {
        let place = format!("{}:{}", text(&f["location"]["path"]), f["location"]["start"]["line"]);
        format!("{} {} {} {place}", text(&f["check"]), text(&f["severity"]), text(&f["confidence"]))
    };
    all.map(line).collect()
}

fn related(finding: &Value) -> Vec<String> {
    let all = finding["related"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    all.map(|r| format!("{}:{}", text(&r["location"]["path"]), r["location"]["start"]["line"])).collect()
}

#[test]
fn an_old_key_is_told_at_the_block_of_its_user() {
    let (code, report) = check(&format!("{PROVIDER}{USER}"), "", &[NO_ROOT_KEY, OLD_KEY]);
    assert_eq!((code, lines(&report)), (1, vec!["access-key-not-rotated medium certain main.tf:4".to_owned()]));
    let finding = &report["findings"][0];
    assert_eq!(
        (&finding["resource"], related(finding)),
        (&"aws_iam_user.ci".into(), vec!["../report.csv:3".to_owned()])
    );
    assert!(finding["message"].as_str().unwrap().contains("is 400 days old"));
    // Without the option nothing is known.
    assert_eq!(report["notes"], Value::Array(Vec::new()));
}

#[test]
fn the_user_of_a_key_that_is_made_elsewhere_counts_too() {
    let key = "resource \"aws_iam_access_key\" \"k\" {\n  user = \"CI\"\n}\n";
    let (_, report) = check(&format!("{PROVIDER}{key}"), "", &[NO_ROOT_KEY, OLD_KEY]);
    assert_eq!(lines(&report), ["access-key-not-rotated medium certain main.tf:4"]);
}

#[test]
fn an_account_that_is_not_known_makes_it_possible_and_another_makes_it_nothing() {
    let (_, report) = check(USER, "", &[NO_ROOT_KEY, OLD_KEY]);
    assert_eq!(lines(&report), ["access-key-not-rotated medium possible main.tf:1"]);
    let message = report["findings"][0]["message"].as_str().unwrap();
    assert!(message.contains("the account that . is deployed in"), "{message}");

    let (code, report) = check(&format!("{OTHER}{USER}"), "", &[NO_ROOT_KEY, OLD_KEY, STRANGER]);
    assert_eq!((code, lines(&report).len(), &report["notes"][0]["code"]), (0, 0, &"credential-report-others".into()));
    assert!(report["notes"][0]["message"].as_str().unwrap().starts_with("2 of the 3 users"));
}

#[test]
fn the_configuration_may_say_which_account_it_is() {
    let said = |account: &str| format!("[accounts]\n\"{account}\" = [\".\"]\n");
    let (_, report) = check(USER, &said("111122223333"), &[NO_ROOT_KEY, OLD_KEY]);
    assert_eq!(lines(&report), ["access-key-not-rotated medium certain main.tf:1"]);
    let (_, report) = check(USER, &said("444455556666"), &[NO_ROOT_KEY, OLD_KEY]);
    assert_eq!(lines(&report), Vec::<String>::new());
}

#[test]
fn a_waiver_at_the_block_or_for_the_arn_holds() {
    let waived =
        USER.replace("\" {\n", "\" {\n  # rootlint:ignore-block[access-key-not-rotated] reason=\"until May\"\n");
    let (code, report) = check(&format!("{PROVIDER}{waived}"), "", &[NO_ROOT_KEY, OLD_KEY]);
    assert_eq!((code, lines(&report).len(), report["findings"].as_array().unwrap().len()), (0, 0, 1));
    let config =
        "[[waiver]]\nchecks = [\"access-key-not-rotated\"]\naddress = \"arn:aws:iam::*:user/ci *\"\nreason = \"x\"\n";
    let (code, report) = check(&format!("{PROVIDER}{USER}"), config, &[NO_ROOT_KEY, OLD_KEY]);
    assert_eq!((code, lines(&report).len()), (0, 0));
}

#[test]
fn a_root_key_and_an_organization_that_lets_it_be_made_again_are_one_story() {
    let member = "[organization]\naccounts = [\"111122223333\"]\n";
    let (_, alone) = check(ORGANIZATION, member, &[NO_ROOT_KEY]);
    assert_eq!(lines(&alone), ["root-key-not-denied high certain main.tf:1"]);
    let (_, report) = check(ORGANIZATION, member, &[ROOT_KEY]);
    assert_eq!(lines(&report), ["root-key-not-denied critical certain main.tf:1"]);
    let story = &report["findings"][0];
    assert!(related(story).contains(&"../report.csv:2".to_owned()));
    assert!(story["message"].as_str().unwrap().contains("the root user of 111122223333 has an active access key"));
    // It is news, even where the organization is in a baseline.
    assert_ne!(story["fingerprint"], alone["findings"][0]["fingerprint"]);
}

#[test]
fn an_inactive_root_key_makes_nothing_critical() {
    let member = "[organization]\naccounts = [\"111122223333\"]\n";
    let (_, report) = check(ORGANIZATION, member, &[&ROOT_KEY.replace("true", "false")]);
    assert_eq!(lines(&report), ["root-key-not-denied high certain main.tf:1"]);
}

#[test]
fn where_membership_is_not_known_the_key_is_told_for_itself() {
    let (_, report) = check(ORGANIZATION, "", &[ROOT_KEY]);
    let expected =
        ["root-access-key-active critical certain ../report.csv:2", "root-key-not-denied high certain main.tf:1"];
    assert_eq!(lines(&report), expected);
    let key = &report["findings"][0];
    let message = key["message"].as_str().unwrap();
    assert!(message.contains("only possible: `whether 111122223333 belongs to"), "{message}");
    assert_eq!(related(key), ["main.tf:1"]);
    // No policy covers the management account.
    let (_, report) = check(ORGANIZATION, "[accounts]\n\"111122223333\" = [\".\"]\n", &[ROOT_KEY]);
    assert_eq!(related(&report["findings"][0]), Vec::<String>::new());
}

#[test]
fn a_key_that_exists_is_not_told_with_what_is_only_possible() {
    // Policies may have been enabled by hand.
    let organization = ORGANIZATION.replace("  enabled_policy_types = [\"SERVICE_CONTROL_POLICY\"]\n", "");
    let (_, report) = check(&organization, "[organization]\naccounts = [\"111122223333\"]\n", &[ROOT_KEY]);
    let expected =
        ["root-access-key-active critical certain ../report.csv:2", "root-key-not-denied high possible main.tf:1"];
    assert_eq!(lines(&report), expected);
    assert!(report["findings"][0]["message"].as_str().unwrap().contains("only possible"));
}

#[test]
fn a_waiver_for_the_code_does_not_let_the_key_be() {
    let code =
        ORGANIZATION.replace("\" {\n", "\" {\n  # rootlint:ignore-block[root-key-not-denied] reason=\"later\"\n");
    let (status, report) = check(&code, "[organization]\naccounts = [\"111122223333\"]\n", &[ROOT_KEY]);
    assert_eq!(
        (status, lines(&report)),
        (1, vec!["root-access-key-active critical certain ../report.csv:2".to_owned()])
    );
    // And one for the key leaves the organization as it is.
    let config = "[organization]\naccounts = [\"111122223333\"]\n[[waiver]]\nchecks = [\"root-access-key-active\"]\n\
                  address = \"arn:aws:iam::111122223333:root\"\nreason = \"x\"\n";
    let (_, report) = check(ORGANIZATION, config, &[ROOT_KEY]);
    assert_eq!(lines(&report), ["root-key-not-denied high certain main.tf:1"]);
}

#[test]
fn code_that_makes_a_key_for_root_is_the_same_story() {
    let key = "resource \"aws_iam_access_key\" \"k\" {\n  user = \"root\"\n}\n";
    let (_, report) = check(&format!("{PROVIDER}{key}"), "", &[ROOT_KEY]);
    assert_eq!(lines(&report), ["root-access-key critical certain main.tf:5"]);
    assert_eq!(related(&report["findings"][0]), ["../report.csv:2"]);
    let (_, report) = check(&format!("{OTHER}{key}"), "", &[ROOT_KEY]);
    assert_eq!(
        lines(&report),
        ["root-access-key-active critical certain ../report.csv:2", "root-access-key critical certain main.tf:5"]
    );
    assert_eq!(related(&report["findings"][0]), Vec::<String>::new());

    let script = "resource \"terraform_data\" \"x\" {\n  provisioner \"local-exec\" {\n    command = \"aws iam create-access-key\"\n  }\n}\n";
    let account = "[accounts]\n\"111122223333\" = [\".\"]\n";
    let (_, report) = check(script, account, &[ROOT_KEY]);
    assert_eq!(lines(&report), ["root-key-script critical certain main.tf:3"]);
    // Two ways are two findings, and the key is told with one of them.
    let (_, report) = check(&format!("{script}{key}"), account, &[ROOT_KEY]);
    assert_eq!(
        lines(&report),
        ["root-key-script critical certain main.tf:3", "root-access-key critical certain main.tf:7"]
    );
    assert_eq!(related(&report["findings"][0]).last().unwrap(), "main.tf:7");
}
