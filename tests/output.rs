//! What is printed and where: whole reports or none, nothing that speaks to a terminal or a runner, no secret.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::path::Path;
use std::process::{Command, Output, Stdio};

use common::folder;

mod common;

const FORMATS: [&str; 7] = ["human", "json", "sarif", "github", "gitlab", "junit", "markdown"];

const KEY: &str = "resource \"aws_iam_access_key\" \"k\" {\n  user = \"root\"\n}\n";

fn rootlint() -> Command {
    Command::new(assert_cmd::cargo::cargo_bin("rootlint"))
}

/// The output of a command line, run in a folder with a secret in its environment.
fn run(folder: &Path, arguments: &[&str]) -> Output {
    let token = [("TF_VAR_token", "very-secret-token"), ("TF_VAR_names", "[\"very-secret-name\"]")];
    rootlint().current_dir(folder).args(arguments).envs(token).stdin(Stdio::null()).output().unwrap()
}

/// What was printed by every command that shows anything of a project.
fn all_output(folder: &Path, resources: bool) -> Vec<(String, String)> {
    let mut lines: Vec<Vec<&str>> = FORMATS.iter().map(|format| vec!["check", "--format", *format]).collect();
    lines.extend(["human", "json", "dot", "html"].map(|format| vec!["org", "--format", format]));
    if resources {
        lines.extend(["human", "json"].map(|format| vec!["resources", "--format", format]));
        for format in ["human", "json"] {
            lines.push(vec!["policy", "policy.json", "--format", format]);
            lines.push(vec!["policy", "policy.json", "--explain", "--format", format]);
        }
    }
    let printed = |line: &Vec<&str>| {
        let output = run(folder, line);
        assert_ne!(output.status.code(), Some(2), "{line:?}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(output.stderr.is_empty());
        (line.join(" "), String::from_utf8(output.stdout).unwrap())
    };
    lines.iter().map(printed).collect()
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error_and_not_a_short_report() {
    let folder = folder(&[("main.tf", KEY)]);
    for format in FORMATS {
        let output = run(folder.path(), &["check", "--format", &format!("{format}=/dev/full")]);
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(2), &b""[..]), "{format}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("/dev/full: cannot be written: No space left"), "{said}");
    }
    for arguments in [&["check"][..], &["org"], &["resources"], &["checks"], &["explain", "root-access-key"]] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = rootlint().current_dir(folder.path()).args(arguments).stdout(full).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(String::from_utf8(output.stderr).unwrap().starts_with("error: standard output: No space left"));
    }
}

#[cfg(unix)]
#[test]
fn who_is_stopped_leaves_the_last_report_as_it_was() {
    let text: String = (0..600).map(|n| KEY.replace("\"k\"", &format!("\"k{n}\""))).collect();
    let folder = folder(&[("main.tf", &text), ("report.sarif", "the last one")]);
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let there = || std::fs::read_dir(folder.path()).unwrap().count();
    let before = there();
    let mut child = rootlint()
        .current_dir(folder.path())
        .args(["check", "--format", "human", "--format", "json=pipe", "--format", "sarif=report.sarif"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // More than a pipe holds, of which one byte is read: it stands there until it is stopped.
    let mut reader = std::fs::File::open(&pipe).unwrap();
    std::io::Read::read_exact(&mut reader, &mut [0]).unwrap();
    // As Ctrl-C does, which a shell lets what it runs in the background ignore, and this test may be.
    let stopped = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(stopped.success());
    let mut printed = String::new();
    std::io::Read::read_to_string(&mut child.stdout.take().unwrap(), &mut printed).unwrap();
    assert_eq!((child.wait().unwrap().code(), printed.as_str()), (None, ""), "it must have been stopped by the signal");
    assert_eq!(std::fs::read_to_string(folder.path().join("report.sarif")).unwrap(), "the last one");
    assert_eq!(there(), before);
}

/// Names and texts with all that a terminal or a runner obeys.
const EVIL: &str = "x\u{1b}[31m\u{202e}\u{200b}\u{9b}2J ##[error]y";

#[cfg(unix)]
#[test]
fn nothing_speaks_to_a_terminal_or_a_runner() {
    let json = |text: &str| serde_json::Value::from(text).to_string();
    let evil = json(&format!("{EVIL}\n::error::own you"));
    let hcl = evil.replace("\\u001b", "\u{1b}");
    let template = format!(
        "{{\"Resources\": {{{evil}: {{\"Type\": \"AWS::IAM::AccessKey\", \"Properties\": {{\"UserName\": \"root\"}}}},\n\
         \"U\": {{\"Type\": \"AWS::IAM::AccessKey\", \"Properties\": {{\"UserName\": {{\"Ref\": {evil}}}}}}}}}}}"
    );
    let policy = format!(
        "{{\"Version\": \"2012-10-17\", \"Statement\": [{{\"Sid\": {evil}, \"Effect\": \"Deny\", \"Action\": \"iam:*\",\n\
         \"Resource\": {evil}, \"Condition\": {{\"StringLike\": {{\"aws:UserAgent\": {evil}}}}}}}]}}"
    );
    let terraform = format!(
        "resource \"aws_iam_access_key\" \"k\" {{\n  for_each = toset([{hcl}])\n  user = \"root\"\n}}\n\
         resource \"aws_iam_access_key\" \"o\" {{\n  user = {hcl}\n}}\n\
         # {EVIL}\n::error::not code\n\
         variable {hcl} {{}}\n\
         resource \"aws_organizations_organization\" \"o\" {{\n  feature_set = \"ALL\"\n}}\n\
         resource \"aws_organizations_account\" \"a\" {{\n  name = {hcl}\n  email = {hcl}\n}}\n\
         resource \"aws_organizations_policy\" \"p\" {{\n  name = {hcl}\n  content = {}\n}}\n\
         resource \"aws_organizations_policy_attachment\" \"p\" {{\n  policy_id = aws_organizations_policy.p.id\n  \
         target_id = aws_organizations_account.a.id\n}}\n",
        json(&policy).replace("\\u001b", "\u{1b}"),
    );
    let nasty = format!("{EVIL}\n::warning::here/main.tf");
    let folder = folder(&[
        ("policy.json", &policy),
        ("t.json", &template),
        ("main.tf", &terraform),
        ("good/main.tf", KEY),
        (&nasty, &format!("{KEY}resource {{")),
    ]);
    let mut printed = all_output(folder.path(), true);
    let eval = rootlint().current_dir(folder.path()).arg("eval").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut eval = eval.unwrap();
    std::io::Write::write_all(
        &mut eval.stdin.take().unwrap(),
        format!("{hcl}\nnone({hcl})\nlocal.x{EVIL}\n").as_bytes(),
    )
    .unwrap();
    printed.push(("eval".into(), String::from_utf8(eval.wait_with_output().unwrap().stdout).unwrap()));
    // What is said before anything starts.
    for arguments in [
        vec!["check", "--only", EVIL],
        vec!["check", "no\n::error::such\u{1b}[2J"],
        vec!["check", "--no\n::error::such\u{1b}[2J"],
        vec!["check", "--format", "::error::x\n::error::y"],
        vec!["explain", "x\n::error::y"],
        vec!["policy", "no\n::error::such\u{202e}"],
        vec!["\n::error::x"],
    ] {
        let output = run(folder.path(), &arguments);
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(2), &b""[..]), "{arguments:?}");
        printed.push((format!("{arguments:?}"), String::from_utf8(output.stderr).unwrap()));
    }
    for (what, text) in &printed {
        assert!(!text.is_empty(), "{what}");
        for bad in ["\u{1b}", "\u{202e}", "\u{200b}", "\u{9b}", "##["] {
            assert!(!text.contains(bad), "{what} prints {bad:?}:\n{text}");
        }
        // The commands of `--format github` are its own, and all of them are annotations.
        let github = what.ends_with("github");
        let own = |line: &str| {
            let token = line.strip_prefix("::stop-commands::").or(line.strip_suffix("::")).unwrap_or_default();
            ["::error file=", "::warning file=", "::notice file="].iter().any(|start| line.starts_with(start))
                || token.trim_start_matches("::").starts_with("rootlint-")
        };
        let command = text.lines().find(|line| {
            line.trim_start().starts_with("::") && !line.trim_start().starts_with("::: ") && !(github && own(line))
        });
        assert_eq!(command, None, "{what}:\n{text}");
    }
}

#[test]
fn no_report_shows_what_is_not_to_be_shown() {
    let terraform = "variable \"token\" {}
variable \"names\" {
  type = list(string)
}
variable \"hidden\" {
  sensitive = true
  default   = \"very-hidden\"
}
resource \"aws_iam_access_key\" \"a\" {
  for_each = toset([var.token])
  user     = \"root\"
}
resource \"aws_iam_access_key\" \"b\" {
  user = \"${var.hidden}-user\"
}
resource \"aws_iam_user\" \"u\" {
  name = var.token
}
resource \"aws_iam_access_key\" \"d\" {
  user = aws_iam_user.u.name
}
resource \"aws_iam_access_key\" \"e\" {
  for_each = { for name in var.names : name => 1 }
  user     = each.key
}
resource \"aws_iam_access_key\" \"f\" {
  user = \"AKIAIOSFODNN7EXAMPLE\"
}
resource \"aws_organizations_organization\" \"this\" {
  feature_set = \"ALL\"
}
resource \"aws_organizations_organizational_unit\" \"u\" {
  name      = var.token
  parent_id = aws_organizations_organization.this.roots[0].id
}
resource \"aws_organizations_account\" \"one\" {
  name      = var.token
  email     = \"a@example.com\"
  parent_id = aws_organizations_organizational_unit.u.id
}
resource \"aws_organizations_account\" \"two\" {
  name  = var.hidden
  email = var.hidden
}
resource \"aws_organizations_policy\" \"denies\" {
  name = var.token
  content = jsonencode({
    Version = \"2012-10-17\"
    Statement = [{ Sid = var.token, Effect = \"Deny\", Action = \"iam:CreateAccessKey\", Resource = \"*\" }]
  })
}
resource \"aws_organizations_policy\" \"some\" {
  name = var.hidden
  content = jsonencode({
    Version = \"2012-10-17\"
    Statement = [{
      Sid    = \"S${var.token}\"
      Effect = \"Deny\", Action = \"iam:CreateAccessKey\", Resource = \"*\"
      Condition = {
        StringLike      = { \"aws:PrincipalArn\" = \"arn:aws:iam::*:root\", \"aws:UserAgent\" = var.token }
        StringNotEquals = { \"aws:SourceVpc\" = var.hidden }
      }
    }]
  })
}
resource \"aws_organizations_policy\" \"wrong\" {
  name = \"wrong\"
  content = jsonencode({
    Version = \"2012-10-17\"
    Statement = [{ Effect = \"Deny\", Action = var.token, Resource = var.hidden }]
  })
}
resource \"aws_organizations_policy_attachment\" \"one\" {
  policy_id = aws_organizations_policy.denies.id
  target_id = aws_organizations_organizational_unit.u.id
}
resource \"aws_organizations_policy_attachment\" \"two\" {
  policy_id = aws_organizations_policy.some.id
  target_id = aws_organizations_organization.this.roots[0].id
}
resource \"aws_organizations_policy_attachment\" \"three\" {
  policy_id = aws_organizations_policy.some.id
  target_id = var.token
}
module \"m\" {
  source = \"./m\"
  user   = var.hidden
  other  = var.token
}
";
    let module = "variable \"user\" {}
variable \"other\" {}
resource \"aws_iam_access_key\" \"x\" {
  user = var.user
}
resource \"aws_iam_access_key\" \"y\" {
  user  = \"AKIAIOSFODNN7EXAMPLE${var.other}\"
}
resource \"aws_iam_access_key\" \"z\" {
  count = var.other
  user  = \"root\"
}
";
    let template = "Parameters:
  P:
    Type: String
    NoEcho: true
    Default: very-quiet
Resources:
  K:
    Type: AWS::IAM::AccessKey
    Properties:
      UserName: !Ref P
  L:
    Type: AWS::IAM::AccessKey
    Properties:
      UserName: !Sub \"${P}-x\"
  A:
    Type: AWS::Organizations::Account
    Properties:
      AccountName: !Ref P
      Email: !Ref P
  S:
    Type: AWS::Organizations::Policy
    Properties:
      Name: s
      Type: SERVICE_CONTROL_POLICY
      TargetIds: [r-1234]
      Content:
        Version: 2012-10-17
        Statement:
          - Sid: !Ref P
            Effect: Deny
            Action: iam:CreateAccessKey
            Resource: !Ref P
";
    let folder = folder(&[("main.tf", terraform), ("m/main.tf", module), ("t.yaml", template)]);
    for (what, text) in all_output(folder.path(), false) {
        for secret in ["very-secret", "very-hidden", "very-quiet", "AKIAIOS"] {
            let at = text.find(secret).map(|at| text.get(at.saturating_sub(80)..).unwrap_or(&text).lines().next());
            assert_eq!(at, None, "{what} shows {secret}");
        }
        let known = ["root-access-key", "organizations", "ous"].iter().any(|word| text.contains(word));
        assert!(known, "{what} says nothing:\n{text}");
    }
}
