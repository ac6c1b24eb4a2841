//! `rootlint check --fix` through the real binary: what it shows, what it writes, and what it leaves alone.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::fs;
use std::path::Path;
use std::process::Output;

use assert_cmd::Command;
use serde_json::Value;

use common::folder;

mod common;

type Files<'a> = &'a [(&'a str, &'a str)];

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::cargo_bin("rootlint").unwrap();
    command.current_dir(folder).arg("check").arg("--no-env").args(arguments).env_remove("CLICOLOR_FORCE");
    command.output().unwrap()
}

fn json(folder: &Path, arguments: &[&str]) -> Value {
    let output = run(folder, &[arguments, &["--format", "json"]].concat());
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The findings of the checks that have fixes.
fn checks(report: &Value) -> Vec<String> {
    let ids = report["findings"].as_array().unwrap().iter().map(|found| found["check"].as_str().unwrap().to_owned());
    ids.filter(|id| id != "no-centralized-root-access").collect()
}

fn available(report: &Value) -> usize {
    report["findings"].as_array().unwrap().iter().filter(|found| found["fix"]["available"] == true).count()
}

/// Shows the patch, sees that nothing is written, writes it, and sees that the finding is gone and nothing is left to do. The text
/// of the file then.
fn mended(files: Files<'_>, check: &str, path: &str) -> String {
    let folder = folder(files);
    let before = fs::read_to_string(folder.path().join(path)).unwrap();
    let report = json(folder.path(), &["--fix"]);
    assert!(available(&report) > 0, "{path}: {report:#}");
    let edits = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|found| found["fix"]["edits"].as_array().into_iter().flatten());
    assert!(edits.clone().all(|edit| edit["location"]["path"] == path && edit["text"].is_string()), "{report:#}");
    let shown = String::from_utf8(run(folder.path(), &["--fix"]).stdout).unwrap();
    assert!(shown.contains(&format!("--- a/{path}\n+++ b/{path}\n@@ ")), "{shown}");
    assert_eq!(fs::read_to_string(folder.path().join(path)).unwrap(), before, "nothing is written yet");

    let report = json(folder.path(), &["--fix", "--write"]);
    let fixed = report["fixed"].as_array().unwrap();
    assert!(fixed.iter().any(|found| found["check"] == check && found["fix"]["available"] == true), "{report:#}");
    assert!(!checks(&report).iter().any(|id| id == check), "{report:#}");
    let after = fs::read_to_string(folder.path().join(path)).unwrap();
    assert_ne!(after, before);
    let again = run(folder.path(), &["--fix"]);
    let shown = String::from_utf8(again.stdout).unwrap();
    assert!(!shown.contains("--- a/") && !shown.contains(&format!("[{check}]")), "{shown}");
    assert_eq!(fs::read_to_string(folder.path().join(path)).unwrap(), after, "a second run changes nothing");
    after
}

/// Sees that nothing is offered, and why; that nothing is written either.
fn left_alone(files: Files<'_>, why: &str) {
    let folder = folder(files);
    let report = json(folder.path(), &["--fix"]);
    assert_eq!(available(&report), 0, "{report:#}");
    let reasons: Vec<&str> =
        report["findings"].as_array().unwrap().iter().filter_map(|found| found["fix"]["message"].as_str()).collect();
    assert!(reasons.iter().any(|reason| reason.contains(why)), "{why}: {reasons:?}");
    let shown = String::from_utf8(run(folder.path(), &["--fix"]).stdout).unwrap();
    assert!(shown.contains("no automatic fix") && !shown.contains("--- a/"), "{shown}");
    run(folder.path(), &["--fix", "--write"]);
    for (path, text) in files {
        assert_eq!(fs::read_to_string(folder.path().join(path)).unwrap(), *text, "{path}");
    }
}

const GUARD: &str = "ineffective-root-guard";

/// A policy in HCL.
fn hcl(statement: &str) -> String {
    format!(
        "resource \"aws_organizations_policy\" \"deny_root\" {{\n  name    = \"x\"\n  content = jsonencode({{\n    \
         Version   = \"2012-10-17\"\n    Statement = [{statement}]\n  }})\n}}\n"
    )
}

/// The same in a heredoc: JSON within HCL.
fn heredoc(statement: &str) -> String {
    format!(
        "resource \"aws_organizations_policy\" \"deny_root\" {{\n  name    = \"x\"\n  content = <<-EOT\n    {{\n      \
         \"Version\": \"2012-10-17\",\n      \"Statement\": {statement}\n    }}\n  EOT\n}}\n"
    )
}

/// A statement in JSON.
fn json_statement(effect: &str, operator: &str, arn: &str) -> String {
    format!(
        r#"{{"Effect": "{effect}", "Action": "*", "Resource": "*", "Condition": {{"{operator}": {{"aws:PrincipalArn": "{arn}"}}}}}}"#
    )
}

/// The same in HCL.
fn hcl_statement(effect: &str, operator: &str, arn: &str) -> String {
    format!(
        "{{ Effect = \"{effect}\", Action = \"*\", Resource = \"*\", Condition = {{ {operator} = {{ \"aws:PrincipalArn\" = \
         \"{arn}\" }} }} }}"
    )
}

/// A data source with the policy's statement.
fn data(effect: &str, operator: &str, arn: &str) -> String {
    format!(
        "data \"aws_iam_policy_document\" \"d\" {{\n  statement {{\n{effect}    actions   = [\"*\"]\n    resources = [\"*\"]\n\n    \
         condition {{\n      test     = \"{operator}\"\n      variable = \"aws:PrincipalArn\"\n      values   = [\"{arn}\"]\n    \
         }}\n  }}\n}}\n\nresource \"aws_organizations_policy\" \"deny_root\" {{\n  name    = \"x\"\n  content = \
         data.aws_iam_policy_document.d.json\n}}\n"
    )
}

/// The same in Terraform's JSON syntax: JSON with escapes within JSON.
fn tf_json(statement: &str) -> String {
    let content = format!(r#"{{"Version": "2012-10-17", "Statement": {statement}}}"#);
    let content = serde_json::to_string(&content).unwrap();
    format!(
        "{{\n  \"resource\": {{\n    \"aws_organizations_policy\": {{\n      \"deny_root\": {{\n        \"name\": \"x\",\n        \
         \"content\": {content}\n      }}\n    }}\n  }}\n}}\n"
    )
}

/// A template in JSON.
fn template_json(statement: &str) -> String {
    format!(
        "{{\n  \"Resources\": {{\n    \"DenyRoot\": {{\n      \"Type\": \"AWS::Organizations::Policy\",\n      \"Properties\": {{\n        \
         \"Name\": \"x\",\n        \"Type\": \"SERVICE_CONTROL_POLICY\",\n        \"Content\": {{\"Version\": \"2012-10-17\", \
         \"Statement\": {statement}}}\n      }}\n    }}\n  }}\n}}\n"
    )
}

fn template_yaml(effect: &str, operator: &str, arn: &str) -> String {
    format!(
        "Resources:\n  DenyRoot:\n    Type: AWS::Organizations::Policy\n    Properties:\n      Name: x\n      Type: \
         SERVICE_CONTROL_POLICY\n      Content:\n        Version: \"2012-10-17\"\n        Statement:\n          - Effect: {effect}\n            \
         Action: \"*\"\n            Resource: \"*\"\n            Condition:\n              {operator}:\n                aws:PrincipalArn: \
         {arn}\n"
    )
}

/// A policy in each form.
fn forms(effect: &str, operator: &str, arn: &str) -> Vec<(&'static str, String)> {
    let inner = json_statement(effect, operator, arn);
    let said = if effect == "Allow" { String::new() } else { format!("    effect    = \"{effect}\"\n") };
    vec![
        ("main.tf", hcl(&hcl_statement(effect, operator, arn))),
        ("heredoc.tf", heredoc(&inner)),
        ("document.tf", data(&said, operator, arn)),
        ("main.tf.json", tf_json(&inner)),
        ("template.yaml", template_yaml(effect, operator, arn)),
        ("template.json", template_json(&inner)),
    ]
}

#[test]
fn a_wrong_arn_is_put_right_in_every_form() {
    for (path, text) in forms("Deny", "ArnLike", "arn:aws:iam::root") {
        let after = mended(&[(path, &text)], GUARD, path);
        assert_eq!(after, text.replace("arn:aws:iam::root", "arn:aws:iam::*:root"), "{path}");
    }
}

#[test]
fn an_operator_without_wildcards_is_put_right_in_every_form() {
    for (path, text) in forms("Deny", "StringEquals", "arn:aws:iam::*:root") {
        let after = mended(&[(path, &text)], GUARD, path);
        assert_eq!(after, text.replace("StringEquals", "StringLike"), "{path}");
    }
}

#[test]
fn an_allow_that_is_named_a_deny_is_put_right_in_every_form() {
    for (path, text) in forms("Allow", "ArnLike", "arn:*:iam::*:root") {
        let after = mended(&[(path, &text)], GUARD, path);
        let wanted = match path {
            "document.tf" => text.replace("    actions ", "    effect    = \"Deny\"\n    actions "),
            _ => text.replace("Allow", "Deny"),
        };
        assert_eq!(after, wanted, "{path}");
    }
}

#[test]
fn everything_that_is_wrong_with_a_statement_is_put_right_at_once() {
    let text = hcl(&hcl_statement("Allow", "StringEquals", "arn:aws:iam:::root"));
    let after = mended(&[("main.tf", &text)], GUARD, "main.tf");
    assert_eq!(after, hcl(&hcl_statement("Deny", "StringLike", "arn:aws:iam::*:root")));
}

#[test]
fn a_name_that_does_not_say_deny_is_no_mistake() {
    let text = hcl(&hcl_statement("Allow", "ArnLike", "arn:*:iam::*:root")).replace("deny_root", "root");
    left_alone(&[("main.tf", &text)], "says that it is to deny");
}

const ORGANIZATION: &str = "resource \"aws_organizations_organization\" \"org\" {\n  enabled_policy_types = [\"SERVICE_CONTROL_POLICY\"]\n}\n\n";

#[test]
fn a_policy_that_is_attached_to_nothing_is_attached_to_the_root_in_view() {
    let policy = hcl(&hcl_statement("Deny", "ArnLike", "arn:*:iam::*:root"));
    let text = format!("{ORGANIZATION}{policy}");
    let after = mended(&[("main.tf", &text)], "root-key-not-denied", "main.tf");
    let attachment = "\nresource \"aws_organizations_policy_attachment\" \"deny_root\" {\n  policy_id = \
                      aws_organizations_policy.deny_root.id\n  target_id = aws_organizations_organization.org.roots[0].id\n}\n";
    assert_eq!(after, format!("{text}{attachment}"));

    // The organization stands in another file of the module, the policy in JSON.
    let statement = json_statement("Deny", "ArnLike", "arn:*:iam::*:root");
    let after = mended(
        &[("org.tf", ORGANIZATION), ("policy.tf.json", &tf_json(&statement))],
        "root-key-not-denied",
        "policy.tf.json",
    );
    assert!(after.contains("\"target_id\": \"${aws_organizations_organization.org.roots[0].id}\""), "{after}");

    let organization =
        "Resources:\n  Org:\n    Type: AWS::Organizations::Organization\n    Properties:\n      FeatureSet: ALL\n";
    let policy = template_yaml("Deny", "ArnLike", "arn:*:iam::*:root").replace("Resources:\n", organization);
    let after = mended(&[("template.yaml", &policy)], "root-key-not-denied", "template.yaml");
    assert_eq!(after, policy.replace("      Name: x", "      TargetIds: [!GetAtt Org.RootId]\n      Name: x"));

    let organization = "\"Resources\": {\n    \"Org\": {\"Type\": \"AWS::Organizations::Organization\"},";
    let policy = template_json(&statement).replace("\"Resources\": {", organization);
    let after = mended(&[("template.json", &policy)], "root-key-not-denied", "template.json");
    assert!(after.contains("        \"TargetIds\": [{ \"Fn::GetAtt\": [\"Org\", \"RootId\"] }],\n"), "{after}");
}

#[test]
fn a_policy_is_not_attached_to_everybody_by_itself() {
    let others = "{ Effect = \"Deny\", Action = \"s3:*\", Resource = \"*\" }";
    let both = format!("{}, {others}", hcl_statement("Deny", "ArnLike", "arn:*:iam::*:root"));
    left_alone(&[("main.tf", &format!("{ORGANIZATION}{}", hcl(&both)))], "it denies others than root, too");
    let text = hcl(&hcl_statement("Deny", "ArnLike", "arn:*:iam::*:root"));
    let several = text.replace("  name ", "  for_each = toset([\"a\"])\n  name ");
    left_alone(&[("main.tf", &format!("{ORGANIZATION}{several}"))], "`count`, `for_each` or a condition");
    let call = format!("{ORGANIZATION}module \"policy\" {{\n  source = \"./policy\"\n}}\n");
    left_alone(&[("main.tf", &call), ("policy/main.tf", &text)], "not in view beside the policy");
}

const ROTATED: &str = "resource \"time_rotating\" \"ci\" {\n  rotation_days = 30\n}\n\nresource \"aws_iam_access_key\" \"ci\" {\n  \
                       user = \"ci\"\n\n  lifecycle {\n    replace_triggered_by = [time_rotating.ci.id]\n  }\n}\n";

#[test]
fn time_reaches_the_key_through_a_static() {
    let after = mended(&[("main.tf", ROTATED)], "unrotated-access-key", "main.tf");
    let made = "}\n\nresource \"time_static\" \"ci\" {\n  triggers = {\n    rotated = time_rotating.ci.id\n  }\n}\n\nresource \"aws";
    assert_eq!(
        after,
        ROTATED.replace("}\n\nresource \"aws", made).replace("[time_rotating.ci.id]", "[time_static.ci]")
    );

    let json = "{\"resource\": {\n  \"time_rotating\": {\"ci\": {\"rotation_days\": 30}},\n  \"aws_iam_access_key\": {\"ci\": {\n    \
                \"user\": \"ci\",\n    \"lifecycle\": {\"replace_triggered_by\": [\"time_rotating.ci\"]}\n  }}\n}}\n";
    let after = mended(&[("main.tf.json", json)], "unrotated-access-key", "main.tf.json");
    assert!(after.contains("\"replace_triggered_by\": [\"time_static.ci\"]"), "{after}");

    // A `time_static` has not all the attributes that a `time_rotating` has.
    let when = ROTATED.replace("time_rotating.ci.id]", "time_rotating.ci.rotation_rfc3339]");
    let after = mended(&[("main.tf", &when)], "unrotated-access-key", "main.tf");
    assert!(after.contains("replace_triggered_by = [time_static.ci]"), "{after}");

    // One that is there already is used, and one that nothing triggers gets its trigger.
    let known =
        format!("{ROTATED}\nresource \"time_static\" \"s\" {{\n  triggers = {{ t = time_rotating.ci.id }}\n}}\n");
    let after = mended(&[("main.tf", &known)], "unrotated-access-key", "main.tf");
    assert_eq!(after, known.replace("[time_rotating.ci.id]", "[time_static.s]"));
    let bare = ROTATED.replace("[time_rotating.ci.id]", "[time_static.s]") + "\nresource \"time_static\" \"s\" {}\n";
    let after = mended(&[("main.tf", &bare)], "unrotated-access-key", "main.tf");
    assert!(after.ends_with("\"s\" {\n  triggers = {\n    rotated = time_rotating.ci.id\n  }\n}\n"), "{after}");
}

#[test]
fn time_that_would_not_be_enough_is_left_alone() {
    left_alone(&[("main.tf", &ROTATED.replace("= 30", "= 300"))], "the finding would still be there");
    let several = ROTATED.replace("  rotation_days", "  count         = 1\n  rotation_days");
    left_alone(&[("main.tf", &several)], "`count` or `for_each`");
}

#[test]
fn several_fixes_are_made_in_one_run() {
    let one = hcl(&hcl_statement("Deny", "ArnLike", "arn:aws:iam::root"));
    let two = hcl(&hcl_statement("Allow", "ArnLike", "arn:*:iam::*:root")).replace("\"deny_root\"", "\"deny_other\"");
    let three =
        hcl(&hcl_statement("Deny", "ArnLike", "arn:aws:iam::123456789012:root")).replace("\"deny_root\"", "\"open\"");
    let text = format!("{one}\n{two}\n{three}\n{ROTATED}");
    let folder = folder(&[("main.tf", &text)]);
    let report = json(folder.path(), &["--fix", "--write"]);
    assert_eq!(report["fixed"].as_array().unwrap().len(), 3, "{report:#}");
    assert_eq!(checks(&report), [GUARD]);
    assert_eq!(report["findings"][0]["fix"]["available"], false);
    assert!(report["findings"][0]["fix"]["message"].as_str().unwrap().contains("which account"), "{report:#}");
    let after = fs::read_to_string(folder.path().join("main.tf")).unwrap();
    assert!(
        after.contains("arn:aws:iam::*:root") && after.contains("time_static.ci") && after.contains("123456789012")
    );
}

#[test]
fn a_shared_text_is_mended_once_for_all_that_use_it() {
    // Two policies take the ARN from one local value.
    let policy = |name: &str| {
        hcl(&hcl_statement("Deny", "ArnLike", "X").replace("\"X\"", "local.root"))
            .replace("\"deny_root\"", &format!("\"{name}\""))
    };
    let text = format!("locals {{\n  root = \"arn:aws:iam::root\"\n}}\n\n{}\n{}", policy("a"), policy("b"));
    let after = mended(&[("main.tf", &text)], GUARD, "main.tf");
    assert_eq!(after, text.replace("arn:aws:iam::root", "arn:aws:iam::*:root"));
}

#[test]
fn a_change_that_brings_another_finding_is_refused() {
    // The same word is the name of a user elsewhere.
    let key = "resource \"aws_iam_access_key\" \"k\" {\n  user   = local.effect == \"Deny\" ? \"root\" : \"ci\"\n  status = \"Inactive\"\n}\n";
    let policy = hcl(&hcl_statement("X", "ArnLike", "arn:*:iam::*:root").replace("\"X\"", "local.effect"));
    let text = format!("locals {{\n  effect = \"Allow\"\n}}\n\n{policy}\n{key}");
    left_alone(&[("main.tf", &text)], "would bring another finding: root-access-key");
}

#[test]
fn what_tools_write_and_what_is_no_file_is_left_alone() {
    let text = hcl(&hcl_statement("Deny", "ArnLike", "arn:aws:iam::root"));
    left_alone(&[("main.tf", &format!("# Code generated by x. DO NOT EDIT.\n{text}"))], "says that it is generated");
    let folder =
        folder(&[("main.tf", &text.replace("\"arn:aws:iam::root\"", "var.arn")), ("v.tf", "variable \"arn\" {}\n")]);
    let report = json(folder.path(), &["--fix", "--var", "arn=arn:aws:iam::root"]);
    assert_eq!(available(&report), 0, "{report:#}");
    assert!(report["findings"][0]["fix"]["message"].as_str().unwrap().contains("not written in a file"), "{report:#}");
}

#[test]
fn what_is_not_shown_is_not_mended() {
    let text = hcl(&hcl_statement("Deny", "ArnLike", "arn:aws:iam::root"));
    let waiver = "[[waiver]]\nchecks = [\"ineffective-root-guard\"]\npath = \"**\"\nreason = \"known\"\n";
    let waived = folder(&[("main.tf", &text), ("rootlint.toml", waiver)]);
    let plain = folder(&[("main.tf", &text)]);
    fs::write(plain.path().join("known.txt"), {
        let mut command = Command::cargo_bin("rootlint").unwrap();
        command.current_dir(plain.path()).arg("baseline").output().unwrap().stdout
    })
    .unwrap();
    for (folder, arguments) in [
        (&waived, &[][..]),
        (&plain, &["--only", "root-access-key"]),
        (&plain, &["--skip", GUARD]),
        (&plain, &["--baseline", "known.txt"]),
    ] {
        let output = run(folder.path(), &[&["--fix", "--write"], arguments].concat());
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {output:?}");
        assert_eq!(fs::read_to_string(folder.path().join("main.tf")).unwrap(), text, "{arguments:?}");
    }
}

#[test]
fn exit_codes_are_about_what_is_left() {
    let text = hcl(&hcl_statement("Deny", "ArnLike", "arn:aws:iam::root"));
    let folder = folder(&[("main.tf", &text)]);
    assert_eq!(run(folder.path(), &["--fix"]).status.code(), Some(1), "nothing is written yet");
    assert_eq!(run(folder.path(), &["--write"]).status.code(), Some(2), "--write is of no use alone");
    let stdin = run(folder.path(), &["-", "--stdin-filename", "main.tf", "--fix", "--write"]);
    assert_eq!(stdin.status.code(), Some(2));
    let output = run(folder.path(), &["--fix", "--write"]);
    let shown = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{shown}");
    assert!(shown.contains("fixed: ineffective-root-guard at main.tf:5:"), "{shown}");
    assert!(shown.contains("No findings; 1 fixed"), "{shown}");
    assert_eq!(run(folder.path(), &[]).status.code(), Some(0));
}

#[test]
fn code_scanning_gets_the_edits_too() {
    let text = hcl(&hcl_statement("Deny", "ArnLike", "arn:aws:iam::root"));
    let folder = folder(&[("main.tf", &text)]);
    let output = run(folder.path(), &["--fix", "--format", "sarif"]);
    let log: Value = serde_json::from_slice(&output.stdout).unwrap();
    let fix = &log["runs"][0]["results"][0]["fixes"][0];
    assert_eq!(fix["description"]["text"], "write `arn:aws:iam::*:root`");
    let change = &fix["artifactChanges"][0];
    assert_eq!(change["artifactLocation"]["uri"], "main.tf");
    let replacement = &change["replacements"][0];
    assert_eq!(replacement["insertedContent"]["text"], "arn:aws:iam::*:root");
    let region = &replacement["deletedRegion"];
    let line = text.lines().nth(region["startLine"].as_u64().unwrap() as usize - 1).unwrap();
    let (start, end) =
        (region["startColumn"].as_u64().unwrap() as usize, region["endColumn"].as_u64().unwrap() as usize);
    assert_eq!(line.get(start - 1..end - 1), Some("arn:aws:iam::root"));
}

#[test]
fn line_ends_stay_what_they_are() {
    let text =
        format!("{ORGANIZATION}{}", hcl(&hcl_statement("Deny", "ArnLike", "arn:*:iam::*:root"))).replace('\n', "\r\n");
    let after = mended(&[("main.tf", &text)], "root-key-not-denied", "main.tf");
    // What is shown is a patch that fits, too.
    let folder = folder(&[("main.tf", &text)]);
    let shown = String::from_utf8(run(folder.path(), &["--fix"]).stdout).unwrap();
    assert!(shown.contains("+resource \"aws_organizations_policy_attachment\" \"deny_root\" {\r\n"), "{shown}");
    assert!(after.starts_with(&text) && !after.replace("\r\n", "").contains('\n'), "{after:?}");
}

#[test]
fn what_must_not_be_shown_is_not_shown_in_a_patch() {
    let key = ["AKIA", "IOSFODNN7EXAMPLE"].concat();
    let text = hcl(&hcl_statement("Deny", "ArnLike", "arn:aws:iam::root"))
        .replace("    Version ", &format!("    # {key}\n    Version "));
    let folder = folder(&[("main.tf", &text)]);
    let shown = String::from_utf8(run(folder.path(), &["--fix"]).stdout).unwrap();
    assert!(shown.contains("--- a/main.tf") && shown.contains("AKIA") && !shown.contains(&key), "{shown}");
}

#[cfg(unix)]
#[test]
fn a_file_that_cannot_be_written_leaves_all_as_they_were() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    // A link to a file inside is followed, and stays a link.
    let text = hcl(&hcl_statement("Deny", "ArnLike", "arn:aws:iam::root"));
    let folder = folder(&[("common/policy.txt", &text), ("m/x.tf", "")]);
    symlink("../common/policy.txt", folder.path().join("m/policy.tf")).unwrap();
    fs::set_permissions(folder.path().join("common/policy.txt"), fs::Permissions::from_mode(0o640)).unwrap();
    let report = json(folder.path(), &["--fix", "--write"]);
    assert_eq!(report["fixed"].as_array().unwrap().len(), 1, "{report:#}");
    assert!(fs::symlink_metadata(folder.path().join("m/policy.tf")).unwrap().is_symlink());
    let real = folder.path().join("common/policy.txt");
    assert_eq!(fs::read_to_string(&real).unwrap(), text.replace("iam::root", "iam::*:root"));
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
}

#[test]
fn a_text_is_changed_where_it_is_written() {
    let policy = |content: &str| {
        format!(
            "resource \"aws_organizations_policy\" \"deny_root\" {{\n  name    = \"x\"\n  content = {content}\n}}\n"
        )
    };
    let document = format!(
        "{{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [{}]\n}}\n",
        json_statement("Allow", "ArnLike", "arn:aws:iam::root")
    );
    let wanted = document.replace("Allow", "Deny").replace("iam::root", "iam::*:root");
    // A file of its own, read as it is or as a template.
    for call in ["file(\"${path.module}/p.json\")", "templatefile(\"p.json\", {})"] {
        let files = [("main.tf", &*policy(call)), ("p.json", &document)];
        assert_eq!(mended(&files, GUARD, "p.json"), wanted, "{call}");
    }
    // The input of a module.
    let inner =
        format!("variable \"arn\" {{}}\n\n{}", hcl(&hcl_statement("Deny", "ArnLike", "X").replace("\"X\"", "var.arn")));
    let call = "module \"m\" {\n  source = \"./m\"\n  arn    = \"arn:aws:iam::root\"\n}\n";
    let after = mended(&[("main.tf", call), ("m/main.tf", &inner)], GUARD, "main.tf");
    assert_eq!(after, call.replace("iam::root", "iam::*:root"));
    // A manifest of a tool.
    let manifest = "AWSTemplateFormatVersion: '2010-09-09-OC'\nOrganization:\n  Root:\n    Type: OC::ORG::OrganizationRoot\n    Properties:\n      \
                    ServiceControlPolicies: !Ref Scp\n  Management:\n    Type: OC::ORG::MasterAccount\n    Properties:\n      \
                    AccountName: m\n      AccountId: '111122223333'\n  Scp:\n    Type: OC::ORG::ServiceControlPolicy\n    \
                    Properties:\n      PolicyName: x\n      PolicyDocument:\n        Version: '2012-10-17'\n        Statement:\n          \
                    - Effect: Deny\n            Action: '*'\n            Resource: '*'\n            Condition:\n              \
                    ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::root' }\n";
    let after = mended(&[("organization.yml", manifest)], "root-key-not-denied", "organization.yml");
    assert_eq!(after, manifest.replace("iam::root", "iam::*:root"));
}
