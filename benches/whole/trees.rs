//! The trees that the program is timed on. All are made here, the same ones each time.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;

/// A tree by its name, and the number of files, accounts or the like that it is made of.
pub struct Tree {
    /// The name of its folder.
    pub name: &'static str,
    /// What is in it.
    pub about: &'static str,
    /// Writes it.
    pub write: fn(&Path) -> io::Result<()>,
    /// How many root keys are in it: what is fast must also be right.
    pub root_keys: usize,
}

/// All trees.
pub const TREES: &[Tree] = &[
    Tree { name: "tiny", about: "one Terraform file of 3 lines", write: tiny, root_keys: 1 },
    Tree {
        name: "terraform-2000",
        about: "2,000 Terraform files of 69 lines in 100 folders",
        write: |at| terraform(at, 2_000),
        root_keys: 10,
    },
    Tree {
        name: "terraform-20000",
        about: "20,000 Terraform files of 69 lines in 1,000 folders",
        write: |at| terraform(at, 20_000),
        root_keys: 10,
    },
    Tree { name: "templates-2000", about: "2,000 templates of 63 lines", write: templates, root_keys: 10 },
    Tree {
        name: "one-module",
        about: "one folder with 500 Terraform files of 69 lines",
        write: |at| (0..500).try_for_each(|n| put(&at.join(format!("f{n}.tf")), &file(n, n == 250))),
        root_keys: 1,
    },
    Tree { name: "instances", about: "100,000 instances in 4 projects", write: instances, root_keys: 4 },
    Tree { name: "chain", about: "200 modules, each calling the next", write: chain, root_keys: 1 },
    Tree {
        name: "organization",
        about: "5,000 accounts, 10,000 statements in 500 policies",
        write: organization,
        root_keys: 0,
    },
    Tree { name: "plan", about: "a plan of 50 MB", write: plan, root_keys: 1 },
];

fn put(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text)
}

const ROOT_KEY: &str = "resource \"aws_iam_access_key\" \"root\" {\n  user = \"root\"\n}\n";

fn tiny(at: &Path) -> io::Result<()> {
    put(&at.join("main.tf"), ROOT_KEY)
}

/// A file of 69 lines of what most configurations are made of, with a root key or an ordinary one.
fn file(n: usize, is_root: bool) -> String {
    let user = if is_root { "\"root\"".to_owned() } else { format!("aws_iam_user.ci_{n}.name") };
    format!(
        r#"variable "environment_{n}" {{
  description = "The environment that the stack is for"
  type        = string
  default     = "staging"
}}

locals {{
  prefix_{n} = "app-{n}-${{var.environment_{n}}}"
  tags_{n} = {{
    Name        = local.prefix_{n}
    Environment = var.environment_{n}
    ManagedBy   = "terraform"
  }}
}}

resource "aws_s3_bucket" "data_{n}" {{
  bucket = "${{local.prefix_{n}}}-data"
  tags   = merge(local.tags_{n}, {{ Tier = "data" }})
}}

resource "aws_s3_bucket_public_access_block" "data_{n}" {{
  bucket                  = aws_s3_bucket.data_{n}.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}}

resource "aws_security_group" "web_{n}" {{
  name        = "${{local.prefix_{n}}}-web"
  description = "Web traffic"

  dynamic "ingress" {{
    for_each = toset([80, 443])
    content {{
      from_port   = ingress.value
      to_port     = ingress.value
      protocol    = "tcp"
      cidr_blocks = ["10.0.0.0/8"]
    }}
  }}
}}

data "aws_iam_policy_document" "read_{n}" {{
  statement {{
    sid       = "Read"
    actions   = ["s3:GetObject", "s3:ListBucket"]
    resources = [aws_s3_bucket.data_{n}.arn, "${{aws_s3_bucket.data_{n}.arn}}/*"]
  }}
}}

resource "aws_iam_user" "ci_{n}" {{
  name = format("%s-ci", local.prefix_{n})
  path = "/ci/"
}}

resource "aws_iam_user_policy" "ci_{n}" {{
  name   = "read"
  user   = aws_iam_user.ci_{n}.name
  policy = data.aws_iam_policy_document.read_{n}.json
}}

resource "aws_iam_access_key" "ci_{n}" {{
  user = {user}
}}
"#
    )
}

/// Folders of 20 files; ten root keys, wherever they are.
fn terraform(at: &Path, files: usize) -> io::Result<()> {
    (0..files).try_for_each(|n| put(&at.join(format!("stack{}/f{n}.tf", n / 20)), &file(n, n % (files / 10) == 7)))
}

/// Templates of 63 lines.
fn templates(at: &Path) -> io::Result<()> {
    (0..2_000).try_for_each(|n| {
        let user = if n % 200 == 7 { "root" } else { "!Ref User" };
        let text = format!(
            r#"AWSTemplateFormatVersion: "2010-09-09"
Description: Stack {n}
Parameters:
  Environment:
    Type: String
    Default: staging
    AllowedValues: [staging, production]
Mappings:
  Sizes:
    staging:
      Days: 30
    production:
      Days: 365
Conditions:
  IsProduction: !Equals [!Ref Environment, production]
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: !Sub "app-{n}-${{Environment}}-data"
      LifecycleConfiguration:
        Rules:
          - Id: expire
            Status: Enabled
            ExpirationInDays: !FindInMap [Sizes, !Ref Environment, Days]
      Tags:
        - Key: Environment
          Value: !Ref Environment
  BucketPolicy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Bucket
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Deny
            Principal: "*"
            Action: "s3:*"
            Resource: !Sub "${{Bucket.Arn}}/*"
            Condition:
              Bool:
                aws:SecureTransport: false
  Queue:
    Type: AWS::SQS::Queue
    Condition: IsProduction
    Properties:
      QueueName: !Join ["-", [app, "{n}", !Ref Environment]]
  User:
    Type: AWS::IAM::User
    Properties:
      UserName: !Sub "app-{n}-${{Environment}}-ci"
      Path: /ci/
  Key:
    Type: AWS::IAM::AccessKey
    Properties:
      UserName: {user}
      Status: Active
Outputs:
  BucketArn:
    Value: !GetAtt Bucket.Arn
    Export:
      Name: !Sub "${{AWS::StackName}}-bucket"
  QueueUrl:
    Condition: IsProduction
    Value: !Ref Queue
"#
        );
        put(&at.join(format!("stack{}/t{n}.yaml", n / 20)), &text)
    })
}

fn instances(at: &Path) -> io::Result<()> {
    let text = format!(
        "locals {{\n  team = \"team\"\n}}\n\nresource \"aws_iam_user\" \"u\" {{\n  count = 12500\n  name  = \"${{local.team}}-${{count.index}}\"\n}}\n\n\
         resource \"aws_iam_access_key\" \"k\" {{\n  count = 12500\n  user  = aws_iam_user.u[count.index].name\n}}\n\n{ROOT_KEY}"
    );
    (0..4).try_for_each(|n| put(&at.join(format!("project{n}/main.tf")), &text))
}

fn chain(at: &Path) -> io::Result<()> {
    for n in 0..200 {
        let inner = if n < 199 {
            format!("module \"next\" {{\n  source = \"../m{}\"\n  user   = var.user\n}}\n", n + 1)
        } else {
            "resource \"aws_iam_access_key\" \"k\" {\n  user = var.user\n}\n".to_owned()
        };
        put(&at.join(format!("m{n}/main.tf")), &format!("variable \"user\" {{\n  default = \"root\"\n}}\n{inner}"))?;
    }
    Ok(())
}

fn organization(at: &Path) -> io::Result<()> {
    let mut text = "resource \"aws_organizations_organization\" \"this\" {\n  feature_set          = \"ALL\"\n  enabled_policy_types = \
                    [\"SERVICE_CONTROL_POLICY\"]\n}\n"
        .to_owned();
    let mut write = |part: std::fmt::Arguments<'_>| text.write_fmt(part).map_err(io::Error::other);
    for n in 0..200 {
        write(format_args!(
            "resource \"aws_organizations_organizational_unit\" \"u{n}\" {{\n  name      = \"u{n}\"\n  parent_id = \
             aws_organizations_organization.this.roots[0].id\n}}\n"
        ))?;
    }
    for n in 0..5_000 {
        write(format_args!(
            "resource \"aws_organizations_account\" \"a{n}\" {{\n  name      = \"a{n}\"\n  email     = \"a{n}@example.com\"\n  parent_id = \
             aws_organizations_organizational_unit.u{}.id\n}}\n",
            n % 200
        ))?;
    }
    let actions =
        ["s3:DeleteBucket", "ec2:RunInstances", "iam:Create*", "iam:*AccessKey", "*", "kms:*", "iam:CreateAccessKey"];
    for policy in 0..500 {
        write(format_args!(
            "resource \"aws_organizations_policy\" \"p{policy}\" {{\n  name = \"p{policy}\"\n  content = jsonencode({{ Version = \"2012-10-17\", Statement = [\n"
        ))?;
        for at in 0..20 {
            let n = policy * 20 + at;
            let (operator, key, value) = match n % 4 {
                0 => ("StringEquals", "aws:PrincipalAccount", format!("{}", 210_000_000_000_u64 + n)),
                1 => ("ArnLike", "aws:PrincipalArn", format!("arn:aws:iam::*:role/r{n}")),
                2 => ("StringNotEquals", "aws:RequestedRegion", "us-east-1".to_owned()),
                _ => ("ArnLike", "aws:PrincipalArn", format!("arn:aws:iam::{}:root", 310_000_000_000_u64 + n)),
            };
            let action = actions.get(n as usize % actions.len()).unwrap_or(&"*");
            write(format_args!(
                "    {{ Effect = \"Deny\", Action = \"{action}\", Resource = \"*\", Condition = {{ {operator} = {{ \"{key}\" = \"{value}\" }} }} }},\n"
            ))?;
        }
        // AWS takes five at most for one target.
        let target = match policy % 201 {
            200 => "aws_organizations_organization.this.roots[0].id".to_owned(),
            unit => format!("aws_organizations_organizational_unit.u{unit}.id"),
        };
        write(format_args!(
            "  ] }})\n}}\nresource \"aws_organizations_policy_attachment\" \"p{policy}\" {{\n  policy_id = aws_organizations_policy.p{policy}.id\n  \
             target_id = {target}\n}}\n"
        ))?;
    }
    put(&at.join("main.tf"), &text)
}

/// A plan as `terraform show -json` prints one, on one line.
fn plan(at: &Path) -> io::Result<()> {
    let mut planned = String::new();
    let mut changes = String::new();
    let write = |text: &mut String, part: std::fmt::Arguments<'_>| text.write_fmt(part).map_err(io::Error::other);
    let resource = |n: usize| match n {
        0 => ("aws_iam_access_key", "k".to_owned(), r#"{"user":"root","status":"Active","pgp_key":null}"#.to_owned()),
        _ => (
            "aws_s3_bucket",
            format!("b{n}"),
            format!(
                r#"{{"bucket":"bucket-{n}","bucket_prefix":null,"force_destroy":false,"tags":{{"Name":"bucket-{n}","Team":"storage"}},"tags_all":{{"Name":"bucket-{n}","Team":"storage"}},"timeouts":null}}"#
            ),
        ),
    };
    for n in 0..50_000 {
        let (kind, name, values) = resource(n);
        let comma = if n == 0 { "" } else { "," };
        let common = format!(
            r#""address":"{kind}.{name}","mode":"managed","type":"{kind}","name":"{name}","provider_name":"registry.terraform.io/hashicorp/aws""#
        );
        write(
            &mut planned,
            format_args!(r#"{comma}{{{common},"schema_version":0,"values":{values},"sensitive_values":{{}}}}"#),
        )?;
        write(
            &mut changes,
            format_args!(
                r#"{comma}{{{common},"change":{{"actions":["create"],"before":null,"after":{values},"after_unknown":{{"id":true,"arn":true}},"before_sensitive":false,"after_sensitive":{{}}}}}}"#
            ),
        )?;
    }
    let text = format!(
        r#"{{"format_version":"1.2","terraform_version":"1.11.4","planned_values":{{"root_module":{{"resources":[{planned}]}}}},"resource_changes":[{changes}],"configuration":{{"root_module":{{}}}}}}"#
    );
    put(&at.join("plan.json"), &text)
}
