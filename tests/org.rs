//! `rootlint org`, the fixes that findings suggest, and the page in a real browser, through the program.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

const ORGANIZATION: &str = r#"resource "aws_organizations_organization" "this" {
  feature_set          = "ALL"
  enabled_policy_types = ["SERVICE_CONTROL_POLICY"]
}
"#;

const TEMPLATE: &str = "Resources:\n  Organization:\n    Type: AWS::Organizations::Organization\n    Properties:\n      \
                        FeatureSet: ALL\n";

fn project(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn run(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let program = env!("CARGO_BIN_EXE_rootlint");
    let output = Command::new(program).args(arguments).args(["--root", ".", "--no-env"]).current_dir(folder).output();
    let output = output.unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

fn findings(folder: &Path) -> Vec<Value> {
    let (_, text) = run(folder, &["check", ".", "--format", "json", "--skip", "no-centralized-root-access"]);
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(report["errors"].as_array().unwrap().len(), 0, "{text}");
    report["findings"].as_array().unwrap().clone()
}

/// What stands after the sentence of a help.
fn code(finding: &Value) -> String {
    finding["help"].as_str().unwrap().split_once("\n\n").unwrap().1.to_owned()
}

#[test]
fn the_policy_that_is_suggested_denies() {
    let terraform = project(&[("main.tf", ORGANIZATION)]);
    let found = findings(terraform.path());
    assert_eq!(found[0]["check"], "root-key-not-denied");
    fs::write(terraform.path().join("fix.tf"), code(&found[0])).unwrap();
    assert!(findings(terraform.path()).is_empty());
    assert_eq!(run(terraform.path(), &["org"]).0, 0);

    let template = project(&[("template.yaml", TEMPLATE)]);
    let found = findings(template.path());
    let fix: String = code(&found[0]).lines().map(|line| format!("  {line}\n")).collect();
    fs::write(template.path().join("template.yaml"), format!("{TEMPLATE}{fix}")).unwrap();
    assert!(findings(template.path()).is_empty());
}

#[test]
fn the_statement_that_is_suggested_denies() {
    let terraform = |statement: &str| {
        format!(
            "{ORGANIZATION}\nresource \"aws_organizations_policy\" \"p\" {{\n  name = \"p\"\n  content = jsonencode({{\n    \
             Version = \"2012-10-17\"\n    Statement = [{statement}]\n  }})\n}}\n\n\
             resource \"aws_organizations_policy_attachment\" \"p\" {{\n  policy_id = aws_organizations_policy.p.id\n  \
             target_id = aws_organizations_organization.this.roots[0].id\n}}\n"
        )
    };
    let template = |statement: &str| {
        format!(
            "{TEMPLATE}  Policy:\n    Type: AWS::Organizations::Policy\n    Properties:\n      Name: p\n      Type: \
             SERVICE_CONTROL_POLICY\n      TargetIds: [!GetAtt Organization.RootId]\n      Content:\n        Version: \
             \"2012-10-17\"\n        Statement: [{statement}]\n"
        )
    };
    let wrong = [
        (
            r#"{ Effect = "Deny", Action = "*", Resource = "*", Condition = { ArnLike = { "aws:PrincipalArn" = "arn:aws:iam::root" } } }"#,
            true,
        ),
        (
            r#"{ Effect: Deny, Action: "*", Resource: "*", Condition: { ArnLike: { "aws:PrincipalArn": "arn:aws:iam::root" } } }"#,
            false,
        ),
    ];
    for (statement, is_terraform) in wrong {
        let (name, text): (_, &dyn Fn(&str) -> String) =
            if is_terraform { ("main.tf", &terraform) } else { ("template.yaml", &template) };
        let folder = project(&[(name, &text(statement))]);
        let found = findings(folder.path());
        let help = found[0]["help"].as_str().unwrap();
        let (_, rest) = help.split_once("the whole statement would be: ").unwrap();
        let right = rest.lines().next().unwrap();
        fs::write(folder.path().join(name), text(right)).unwrap();
        assert!(findings(folder.path()).is_empty(), "{right}");
    }
}

/// A policy of Terraform whose content is written so, attached to the root.
fn attached(content: &str) -> String {
    format!(
        "{ORGANIZATION}\nresource \"aws_organizations_policy\" \"p\" {{\n  name = \"p\"\n  content = {content}\n}}\n\n\
         resource \"aws_organizations_policy_attachment\" \"p\" {{\n  policy_id = aws_organizations_policy.p.id\n  \
         target_id = aws_organizations_organization.this.roots[0].id\n}}\n"
    )
}

/// What stands after the words that announce a whole statement.
fn whole(finding: &Value) -> String {
    let help = finding["help"].as_str().unwrap();
    let (_, rest) = help.split_once("the whole statement would be: ").unwrap();
    let (statement, _) = rest.split_once("\nfor the management account").unwrap_or((rest, ""));
    statement.trim().to_owned()
}

#[test]
fn a_statement_is_suggested_as_the_policy_is_written() {
    let wrong = r#"{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::root"}}}"#;
    let heredoc = |statement: &str| {
        let json = format!("{{\"Version\": \"2012-10-17\", \"Statement\": [{statement}]}}");
        vec![("main.tf", attached(&format!("<<-JSON\n    {json}\n  JSON")))]
    };
    let file = |statement: &str| {
        let json = format!("{{\"Version\": \"2012-10-17\", \"Statement\": [{statement}]}}");
        vec![("main.tf", attached("file(\"${path.module}/scp.json\")")), ("scp.json", json)]
    };
    let template = |statement: &str| {
        let organization = "\"Organization\": {\"Type\": \"AWS::Organizations::Organization\"}";
        let content = format!("{{\"Version\": \"2012-10-17\", \"Statement\": [{statement}]}}");
        let policy = format!(
            "\"P\": {{\"Type\": \"AWS::Organizations::Policy\", \"Properties\": {{\"Name\": \"p\", \"Type\": \
             \"SERVICE_CONTROL_POLICY\", \"TargetIds\": [{{\"Fn::GetAtt\": [\"Organization\", \"RootId\"]}}], \"Content\": \
             {content}}}}}"
        );
        vec![("template.json", format!("{{\"Resources\": {{{organization}, {policy}}}}}"))]
    };
    let document = |statement: &str| {
        let data = format!("data \"aws_iam_policy_document\" \"d\" {{\n{statement}\n}}\n");
        vec![("main.tf", attached("data.aws_iam_policy_document.d.json")), ("data.tf", data)]
    };
    let wrong_block = "statement {\n  effect = \"Deny\"\n  actions = [\"*\"]\n  resources = [\"*\"]\n  condition {\n    test = \
                       \"ArnLike\"\n    variable = \"aws:PrincipalArn\"\n    values = [\"arn:aws:iam::root\"]\n  }\n}";
    type Written<'a> = &'a dyn Fn(&str) -> Vec<(&'static str, String)>;
    let forms: [(Written<'_>, &str); 4] =
        [(&heredoc, wrong), (&file, wrong), (&template, wrong), (&document, wrong_block)];
    for (written, wrong) in forms {
        let folder = tempfile::tempdir().unwrap();
        let write = |statement: &str| {
            for (name, text) in written(statement) {
                fs::write(folder.path().join(name), text).unwrap();
            }
        };
        write(wrong);
        let found = findings(folder.path());
        let right = whole(&found[0]);
        write(&right);
        assert!(findings(folder.path()).is_empty(), "{right}");
    }
}

#[test]
fn a_manifest_names_declared_units_by_their_path() {
    let unit = |name: &str, parent: &str| {
        format!(
            "resource \"aws_organizations_organizational_unit\" \"{name}\" {{\n  name = \"{name}\"\n  parent_id = {parent}\n}}\n"
        )
    };
    let root = "aws_organizations_organization.this.roots[0].id";
    let below = "aws_organizations_organizational_unit.Workloads.id";
    let units = format!("{ORGANIZATION}{}{}{}", unit("Workloads", root), unit("Prod", below), unit("Test", below));
    let manifest = "region: eu-west-1\nversion: 2021-03-15\nresources:\n  - name: root\n    description: root\n    resource_file: \
                    scp.json\n    deploy_method: scp\n    deployment_targets:\n      organizational_units: [\"Workloads:Prod\"]\n";
    let policy = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "iam:*", "Resource": "*"}]}"#;
    let folder = project(&[("main.tf", &units), ("manifest.yaml", manifest), ("scp.json", policy)]);
    let (_, text) = run(folder.path(), &["org"]);
    for line in [
        "✓ denied  aws_organizations_organizational_unit.Prod:",
        "✗ not denied  aws_organizations_organizational_unit.Test:",
        "✗ not denied  aws_organizations_organizational_unit.Workloads:",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    assert!(!text.contains("ou/"), "{text}");
}

#[test]
fn a_template_in_json_is_told_json() {
    let with = |more: &str| {
        format!("{{\"Resources\": {{\"Organization\": {{\"Type\": \"AWS::Organizations::Organization\"}}{more}}}}}")
    };
    let folder = project(&[("template.json", &with(""))]);
    let found = findings(folder.path());
    fs::write(folder.path().join("template.json"), with(&format!(", {}", code(&found[0])))).unwrap();
    assert!(findings(folder.path()).is_empty());
}

#[test]
fn a_manifest_is_told_a_statement_that_denies() {
    let statement = |folder: &Path| {
        let found = findings(folder);
        assert_eq!(found[0]["check"], "root-key-not-denied");
        code(&found[0]).lines().last().unwrap().to_owned()
    };
    let accelerator = |policies: &str| format!("enable: true\norganizationalUnits:\n  - name: Workloads\n{policies}");
    let folder = project(&[("organization-config.yaml", &accelerator("serviceControlPolicies: []\n"))]);
    let right = statement(folder.path());
    let policies = "serviceControlPolicies:\n  - name: Root\n    policy: scp.json\n    type: customerManaged\n    \
                    deploymentTargets:\n      organizationalUnits: [Root]\n";
    fs::write(folder.path().join("organization-config.yaml"), accelerator(policies)).unwrap();
    let policy = format!("{{\"Version\": \"2012-10-17\", \"Statement\": [{right}]}}");
    fs::write(folder.path().join("scp.json"), policy).unwrap();
    assert!(findings(folder.path()).is_empty(), "{right}");

    let formation = |targets: &str, policy: &str| {
        format!(
            "AWSTemplateFormatVersion: \"2010-09-09-OC\"\nOrganization:\n  Root:\n    Type: OC::ORG::OrganizationRoot\n    \
             Properties:\n      DefaultOrganizationAccessRoleName: x\n{targets}  Shop:\n    Type: OC::ORG::Account\n    \
             Properties:\n      AccountName: Shop\n      RootEmail: shop@example.com\n{policy}"
        )
    };
    let folder = project(&[("organization.yml", &formation("", ""))]);
    let right = statement(folder.path());
    let policy = format!(
        "  Deny:\n    Type: OC::ORG::ServiceControlPolicy\n    Properties:\n      PolicyName: deny\n      PolicyDocument:\n        \
         Version: \"2012-10-17\"\n        Statement: [{right}]\n"
    );
    let text = formation("      ServiceControlPolicies: !Ref Deny\n", &policy);
    fs::write(folder.path().join("organization.yml"), text).unwrap();
    assert!(findings(folder.path()).is_empty(), "{right}");
}

#[test]
fn centralized_access_is_enabled_as_the_finding_says() {
    let missing = |folder: &Path| {
        let (_, text) = run(folder, &["check", ".", "--format", "json", "--only", "no-centralized-root-access"]);
        let report: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(report["errors"].as_array().unwrap().len(), 0, "{text}");
        report["findings"].as_array().unwrap().clone()
    };
    let services = |more: &str| {
        ORGANIZATION.replace("}\n", &format!("  aws_service_access_principals = [\"sso.amazonaws.com\"{more}]\n}}\n"))
    };
    let folder = project(&[("main.tf", &services(""))]);
    let help = missing(folder.path())[0]["help"].as_str().unwrap().to_owned();
    let (words, fix) = help.split_once("\n\n").unwrap();
    let service = words.split('"').nth(1).unwrap();
    fs::write(folder.path().join("fix.tf"), fix).unwrap();
    // Half of what it says is not enough.
    assert_eq!(missing(folder.path()).len(), 1);
    fs::write(folder.path().join("main.tf"), services(&format!(", \"{service}\""))).unwrap();
    assert!(missing(folder.path()).is_empty());
}

#[test]
fn sessions_are_exempt_as_the_note_says() {
    let guard = |more: &str| {
        format!(
            "resource \"aws_organizations_policy\" \"p\" {{\n  name = \"p\"\n  content = jsonencode({{\n    Version = \
             \"2012-10-17\"\n    Statement = [{{ Effect = \"Deny\", Action = \"*\", Resource = \"*\", Condition = {{ ArnLike \
             = {{ \"aws:PrincipalArn\" = \"arn:*:iam::*:root\" }}{more} }} }}]\n  }})\n}}\n"
        )
    };
    let folder = project(&[("main.tf", &guard(""))]);
    let notes = || {
        let (_, text) = run(folder.path(), &["check", ".", "--format", "json"]);
        let report: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(report["findings"].as_array().unwrap().len(), 0, "{text}");
        report["notes"].as_array().unwrap().clone()
    };
    let found = notes();
    assert_eq!(found[0]["code"], "root-sessions-denied");
    let message = found[0]["message"].as_str().unwrap();
    let condition = message.split("one more condition, `").nth(1).unwrap().trim_end_matches('`');
    fs::write(folder.path().join("main.tf"), guard(&format!(", {condition}"))).unwrap();
    assert!(notes().is_empty());
}

#[test]
fn sessions_are_exempt_in_a_document_as_the_note_says() {
    let guard = |more: &str| {
        format!(
            "data \"aws_iam_policy_document\" \"d\" {{\n  statement {{\n    effect = \"Deny\"\n    actions = [\"*\"]\n    \
             resources = [\"*\"]\n    condition {{\n      test = \"ArnLike\"\n      variable = \"aws:PrincipalArn\"\n      \
             values = [\"arn:*:iam::*:root\"]\n    }}\n{more}  }}\n}}\n{}",
            attached("data.aws_iam_policy_document.d.json")
        )
    };
    let folder = project(&[("main.tf", &guard(""))]);
    let notes = || {
        let (_, text) = run(folder.path(), &["check", ".", "--format", "json", "--skip", "no-centralized-root-access"]);
        let report: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(report["findings"].as_array().unwrap().len(), 0, "{text}");
        report["notes"].as_array().unwrap().clone()
    };
    let found = notes();
    let message = found[0]["message"].as_str().unwrap();
    let condition = message.split("one more condition, `").nth(1).unwrap().trim_end_matches('`');
    let block = condition.replace(", variable", "\n      variable").replace(", values", "\n      values");
    fs::write(folder.path().join("main.tf"), guard(&format!("    condition {{\n      {block}\n    }}\n"))).unwrap();
    assert!(notes().is_empty(), "{condition}");
}

#[test]
fn quotas_are_counted_only_where_all_is_known() {
    let policies: String = (0..11)
        .map(|n| {
            format!(
                "resource \"aws_organizations_policy\" \"p{n}\" {{\n  name = \"p{n}\"\n  content = jsonencode({{ Version = \
                 \"2012-10-17\", Statement = [{{ Effect = \"Deny\", Action = \"s3:*\", Resource = \"*\" }}] }})\n}}\n\
                 resource \"aws_organizations_policy_attachment\" \"a{n}\" {{\n  policy_id = \
                 aws_organizations_policy.p{n}.id\n  target_id = aws_organizations_organization.this.roots[0].id\n}}\n"
            )
        })
        .collect();
    let units: String = (0..6)
        .map(|n: usize| {
            let parent = match n.checked_sub(1) {
                None => "aws_organizations_organization.this.roots[0].id".to_owned(),
                Some(above) => format!("aws_organizations_organizational_unit.u{above}.id"),
            };
            format!("resource \"aws_organizations_organizational_unit\" \"u{n}\" {{\n  name = \"u{n}\"\n  parent_id = {parent}\n}}\n")
        })
        .collect();
    let large = format!(
        "resource \"aws_organizations_policy\" \"large\" {{\n  name = \"large\"\n  content = jsonencode({{ Version = \
         \"2012-10-17\", Statement = [{{ Sid = \"{}\", Effect = \"Deny\", Action = \"s3:*\", Resource = \"*\" }}] }})\n}}\n",
        "x".repeat(10_300)
    );
    let quotas = |text: &str| -> Vec<String> {
        let folder = project(&[("main.tf", text)]);
        let (_, text) = run(folder.path(), &["check", ".", "--format", "json"]);
        let report: Value = serde_json::from_str(&text).unwrap();
        let notes = report["notes"].as_array().unwrap().iter().filter(|note| note["code"] == "organization-quota");
        notes.map(|note| note["message"].as_str().unwrap().to_owned()).collect()
    };
    let found = quotas(&format!("{ORGANIZATION}{policies}{units}{large}"));
    assert_eq!(found.len(), 3, "{found:?}");
    for (part, allowed) in [
        ("12 service control policies attached to one target", "AWS allows 10 (5 before 2026-05-15)"),
        ("`aws_organizations_organizational_unit.u5`: 6 levels", "AWS allows 5"),
        ("characters in a service control policy", "AWS allows 10240 (5120 before 2026-05-15)"),
    ] {
        assert!(found.iter().any(|text| text.contains(part) && text.contains(allowed)), "{part}: {found:?}");
    }
    // One policy fewer, one level fewer, and a length that depends on a variable.
    let fewer = policies.replace("\"a10\" {", "\"a10\" {\n  count = 0").replace("\"a9\" {", "\"a9\" {\n  count = 0");
    let flat = units.replace("_unit.u4.id", "_unit.u3.id");
    let open = large.replace("Sid = \"", "Sid = \"${var.x}").replace("resource", "variable \"x\" {}\nresource");
    let found = quotas(&format!("{ORGANIZATION}{fewer}{flat}{open}"));
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn the_exit_code_is_the_verdict() {
    let none = project(&[("main.tf", "resource \"aws_s3_bucket\" \"b\" {}\n")]);
    let (code, text) = run(none.path(), &["org"]);
    assert_eq!((code, text.starts_with("No organization")), (3, true), "{text}");
    let open = project(&[("main.tf", ORGANIZATION)]);
    let (code, text) = run(open.path(), &["org"]);
    assert_eq!(code, 1);
    assert!(text.contains("! never covered  the management account") && text.contains("✗ not denied  the root"));
    let unknown = format!(
        "{ORGANIZATION}variable \"scp\" {{}}\nresource \"aws_organizations_policy\" \"p\" {{\n  name = \"p\"\n  content = \
         var.scp\n}}\nresource \"aws_organizations_policy_attachment\" \"p\" {{\n  policy_id = \
         aws_organizations_policy.p.id\n  target_id = aws_organizations_organization.this.roots[0].id\n}}\n"
    );
    let unknown = project(&[("main.tf", &unknown)]);
    let (code, text) = run(unknown.path(), &["org"]);
    assert_eq!(code, 3);
    assert!(text.contains("? unknown  the root: `var.scp` has no value (main.tf:5)"), "{text}");
    let exempt = "[organization]\nexempt = [{ target = \"root\", reason = \"an experiment\" }]\n";
    let exempt = project(&[("main.tf", ORGANIZATION), ("rootlint.toml", exempt)]);
    let (code, text) = run(exempt.path(), &["org"]);
    assert_eq!((code, text.contains("○ exempt  the root: rootlint.toml says: an experiment")), (0, true), "{text}");
    for format in ["json", "dot", "html"] {
        assert_eq!(run(open.path(), &["org", "--format", format]).0, 1, "{format}");
    }
}

/// Names that would be elements of the page if one of them were not escaped.
const HOSTILE: &str = "</summary><script>document.title = 'owned'</script><img src=x onerror=alert(1)>";

#[test]
fn the_page_is_only_text_in_a_real_browser() {
    let units = format!(
        "{ORGANIZATION}resource \"aws_organizations_organizational_unit\" \"u\" {{\n  for_each = toset([\"{HOSTILE}\", \
         \"plain\"])\n  name = each.key\n  parent_id = aws_organizations_organization.this.roots[0].id\n}}\n"
    );
    let folder = project(&[("main.tf", &units)]);
    let (_, page) = run(folder.path(), &["org", "--format", "html"]);
    assert!(!page.contains("<script") && !page.contains("<img"));
    let file = folder.path().join("page.html");
    fs::write(&file, &page).unwrap();
    let browsers = ["chromium", "chromium-browser", "google-chrome"];
    let dump = |browser: &&str| {
        let profile = format!("--user-data-dir={}", folder.path().join("profile").display());
        let url = format!("file://{}", file.display());
        let options = ["--headless", "--no-sandbox", "--disable-gpu", &profile, "--dump-dom", &url];
        Command::new(browser).args(options).output().ok()
    };
    let Some(output) = browsers.iter().find_map(dump) else {
        println!("skipped: no browser of {browsers:?} is on this machine");
        return;
    };
    let seen = String::from_utf8(output.stdout).unwrap();
    assert!(seen.contains("<title>rootlint: who can still create a root access key</title>"), "{seen}");
    assert!(!seen.contains("<script") && !seen.contains("<img"), "{seen}");
    assert_eq!(seen.matches("<details class=").count(), 4, "{seen}");
}
