//! One mistake in a service control policy, an ARN that root never has, written in all the ways in which policies are
//! written: each time the place that is pointed at is just that ARN, or what a call passes for it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice, clippy::panic)]

use rootlint::files::Memory;
use rootlint::scan::{self, Options};

/// The ARN, which is no root user's.
const ARN: &str = "arn:aws:iam::*:user/root";

const POLICY: &str = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "iam:CreateAccessKey",
  "Resource": "*", "Condition": {"ArnLike": {"aws:PrincipalArn": ["arn:aws:iam::*:user/root"]}}}}
"#;

const HCL: &str = r#"{
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Deny"
      Action    = "iam:CreateAccessKey"
      Resource  = "*"
      Condition = { ArnLike = { "aws:PrincipalArn" = "arn:aws:iam::*:user/root" } }
    }]
  }"#;

const BLOCK: &str = r#"
  statement {
    sid       = "Root"
    effect    = "Deny"
    actions   = ["iam:CreateAccessKey"]
    resources = ["*"]
    condition {
      test     = "ArnLike"
      variable = "aws:PrincipalArn"
      values   = ["arn:aws:iam::*:user/root"]
    }
  }
"#;

const DYNAMIC: &str = r#"
  dynamic "statement" {
    for_each = local.denied
    content {
      effect    = "Deny"
      actions   = ["iam:CreateAccessKey"]
      resources = ["*"]
      condition {
        test     = "ArnLike"
        variable = "aws:PrincipalArn"
        values   = statement.value
      }
    }
  }
"#;

/// A policy resource with this content.
fn policy(content: &str) -> String {
    format!("resource \"aws_organizations_policy\" \"p\" {{\n  name    = \"p\"\n  content = {content}\n}}\n")
}

type Case = (&'static str, Vec<(&'static str, String)>);

/// The ways, each with its files.
fn cases() -> Vec<Case> {
    let document = |name: &str, body: &str| format!("data \"aws_iam_policy_document\" \"{name}\" {{{body}}}\n");
    let template = |content: &str| {
        format!(
            "Resources:\n  P:\n    Type: AWS::Organizations::Policy\n    Properties:\n      Name: p\n      \
             Type: SERVICE_CONTROL_POLICY\n      Content: {content}\n"
        )
    };
    vec![
        ("a JSON file", vec![("main.tf", policy("file(\"${path.module}/scp.json\")")), ("scp.json", POLICY.into())]),
        ("a heredoc", vec![("main.tf", policy(&format!("<<-EOT\n    {}  EOT", POLICY.replace('\n', "\n    "))))]),
        ("jsonencode", vec![("main.tf", policy(&format!("jsonencode({HCL})")))]),
        (
            "locals, merged",
            vec![(
                "main.tf",
                "locals {\n  base = { Effect = \"Deny\", Action = \"iam:CreateAccessKey\", Resource = \"*\" }\n  \
                 root = { ArnLike = { \"aws:PrincipalArn\" = [\"arn:aws:iam::*:user/root\"] } }\n  \
                 all  = concat([merge(local.base, { Condition = local.root })], [])\n}\n"
                    .to_owned()
                    + &policy("jsonencode({ Version = \"2012-10-17\", Statement = local.all })"),
            )],
        ),
        ("a data source", vec![("main.tf", document("d", BLOCK) + &policy("data.aws_iam_policy_document.d.json"))]),
        (
            "a document that overrides another",
            vec![(
                "main.tf",
                document("over", BLOCK)
                    + &document(
                        "d",
                        &format!(
                            "\n  override_policy_documents = [data.aws_iam_policy_document.over.json]\n{}",
                            BLOCK.replace("user/root", "root")
                        ),
                    )
                    + &policy("data.aws_iam_policy_document.d.minified_json"),
            )],
        ),
        (
            "a template",
            vec![
                (
                    "main.tf",
                    policy("templatefile(\"${path.module}/scp.tftpl\", { actions = [\"iam:CreateAccessKey\"] })"),
                ),
                (
                    "scp.tftpl",
                    POLICY.replace(
                        "\"iam:CreateAccessKey\"",
                        "[%{ for i, a in actions ~}\n%{ if i > 0 },%{ endif }\"${a}\"%{ endfor }]",
                    ),
                ),
            ],
        ),
        (
            "a catalogue in YAML",
            vec![
                (
                    "main.tf",
                    "locals {\n  catalogue = merge([for f in fileset(path.module, \"catalogue/*.yaml\") : \
                     yamldecode(file(\"${path.module}/${f}\"))]...)\n}\n"
                        .to_owned()
                        + &policy(
                            "jsonencode({ Version = \"2012-10-17\", Statement = [for k, s in local.catalogue : s] })",
                        ),
                ),
                (
                    "catalogue/root.yaml",
                    "DenyRoot:\n  Effect: Deny\n  Action: iam:CreateAccessKey\n  Resource: '*'\n  Condition:\n    \
                     ArnLike:\n      aws:PrincipalArn:\n        - arn:aws:iam::*:user/root\n"
                        .into(),
                ),
            ],
        ),
        (
            "a dynamic statement",
            vec![(
                "main.tf",
                "locals {\n  denied = { keys = [\"arn:aws:iam::*:user/root\"] }\n}\n".to_owned()
                    + &document("d", DYNAMIC)
                    + &policy("data.aws_iam_policy_document.d.json"),
            )],
        ),
        (
            "a module input",
            vec![
                (
                    "main.tf",
                    "module \"scp\" {\n  source = \"./scp\"\n  arns   = [\"arn:aws:iam::*:user/root\"]\n}\n".into(),
                ),
                (
                    "scp/main.tf",
                    "variable \"arns\" {\n  type = list(string)\n}\n".to_owned()
                        + &policy(&format!("jsonencode({})", HCL.replace("\"arn:aws:iam::*:user/root\"", "var.arns"))),
                ),
            ],
        ),
        (
            "a map in CloudFormation",
            vec![(
                "t.yaml",
                template(
                    "\n        Version: '2012-10-17'\n        Statement:\n          - Effect: Deny\n            \
                     Action: iam:CreateAccessKey\n            Resource: '*'\n            Condition:\n              \
                     ArnLike:\n                aws:PrincipalArn: arn:aws:iam::*:user/root",
                ),
            )],
        ),
        (
            "a JSON string in CloudFormation",
            vec![("t.yaml", template(&format!("|\n        {}", POLICY.replace('\n', "\n        "))))],
        ),
        (
            "a JSON string in a JSON template",
            vec![(
                "t.json",
                format!(
                    "{{\"Resources\": {{\"P\": {{\"Type\": \"AWS::Organizations::Policy\", \"Properties\": {{\"Name\": \
                     \"p\", \"Type\": \"SERVICE_CONTROL_POLICY\", \"Content\": {}}}}}}}}}\n",
                    serde_json::Value::from(POLICY)
                ),
            )],
        ),
        (
            "a plan",
            vec![(
                "plan.json",
                serde_json::json!({"format_version": "1.2", "planned_values": {"root_module": {"resources": [
                    {"address": "aws_organizations_policy.p", "mode": "managed", "type": "aws_organizations_policy",
                     "name": "p", "values": {"content": POLICY}}]}}})
                .to_string(),
            )],
        ),
        // The same through functions that only move or wrap text.
        (
            "functions on text",
            vec![
                (
                    "main.tf",
                    policy(
                        "replace(trimspace(chomp(indent(2, format(\"%s\", join(\"\\n\", [file(\"scp.json\")]))))), \"DENY\", \"Deny\")",
                    ),
                ),
                ("scp.json", POLICY.replace("\"Deny\"", "\"DENY\"")),
            ],
        ),
        (
            "decoded and encoded again",
            vec![
                ("main.tf", policy("jsonencode(jsondecode(jsonencode(yamldecode(file(\"scp.json\")))))")),
                ("scp.json", POLICY.into()),
            ],
        ),
        (
            "Fn::Sub",
            vec![(
                "t.yaml",
                template(&format!(
                    "!Sub |\n        {}",
                    POLICY.replace("\"*\"", "\"arn:${AWS::Partition}:iam::*:*\"").replace('\n', "\n        ")
                )),
            )],
        ),
    ]
}

/// What is pointed at, with its file and the text around it on the line.
fn pointed(files: &[(&'static str, String)]) -> String {
    let memory: Memory = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    let options = Options { paths: vec!["".into()], ..Options::default() };
    let outcome = scan::check(&memory, &options);
    assert_eq!(outcome.findings.errors, []);
    let findings = outcome.findings.findings.iter().filter(|finding| finding.check == "ineffective-root-guard");
    let findings: Vec<_> = findings.collect();
    assert_eq!(findings.len(), 1, "{:?}", outcome.findings);
    let finding = findings[0];
    let (span, path) = (finding.primary, outcome.sources.path(finding.primary.file));
    let text = &files.iter().find(|(name, _)| *name == path.as_str()).unwrap().1;
    let (start, end) = (span.start as usize, span.end as usize);
    assert_eq!(text[start..end].trim_matches(['"', '\\']), ARN);
    let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let before: String = text[line..start].trim_start().chars().rev().take(60).collect();
    let before: String = before.chars().rev().collect();
    let after: String = text[end..].lines().next().unwrap_or_default().chars().take(20).collect();
    format!("{path}: {before}«{}»{after}", &text[start..end])
}

#[test]
fn a_wrong_arn_is_pointed_at_however_the_policy_is_written() {
    let shown: Vec<String> = cases().iter().map(|(name, files)| format!("{name}\n    {}", pointed(files))).collect();
    insta::assert_snapshot!(shown.join("\n"));
}
