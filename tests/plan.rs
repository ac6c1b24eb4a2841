//! What `terraform plan` shows, by the library: default tags, what a provider makes of what is written, when data sources
//! are read, what is an error. Each rule was seen in a plan of Terraform 1.11.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use rootlint::files::Memory;
use rootlint::report::value::answer;
use rootlint::scan::{self, Options};
use serde_json::{Value, json};

/// What is planned, and the errors.
struct Plan {
    rows: Vec<(String, Value)>,
    errors: Vec<String>,
}

impl Plan {
    fn of(files: &[(&str, &str)]) -> Self {
        let files: Memory = files.iter().copied().collect();
        let (rows, outcome) = scan::resources(&files, &Options { paths: vec!["".into()], ..Options::default() });
        let rows = rows.into_iter().map(|row| {
            let shown: Value = serde_json::from_str(&answer(Ok(&row.attributes)).to_string()).unwrap();
            (row.address.to_string(), shown.get("value").cloned().unwrap_or(shown))
        });
        Self { rows: rows.collect(), errors: outcome.findings.errors.into_iter().map(|error| error.message).collect() }
    }

    /// A plan without errors.
    fn clean(text: &str) -> Self {
        let plan = Self::of(&[("main.tf", text)]);
        assert_eq!(plan.errors, Vec::<String>::new());
        plan
    }

    fn addresses(&self) -> Vec<&str> {
        self.rows.iter().map(|(address, _)| address.as_str()).collect()
    }

    #[track_caller]
    fn get(&self, address: &str, attribute: &str) -> &Value {
        let row = self.rows.iter().find(|(known, _)| known == address);
        assert!(row.is_some(), "no {address} in {:?}", self.addresses());
        row.unwrap().1.get(attribute).unwrap()
    }

    #[track_caller]
    fn assert(&self, rows: &[(&str, &str, Value)]) {
        for (address, attribute, want) in rows {
            let got = self.get(address, attribute);
            match want.as_str() {
                Some("<unknown>") => {
                    assert!(got.get("$unknown").is_some(), "{address}.{attribute} should be unknown: {got}");
                }
                _ => assert_eq!(got, want, "{address}.{attribute}"),
            }
        }
    }
}

#[test]
fn default_tags_come_from_the_provider_that_the_calls_pass() {
    let plan = Plan::of(&[
        (
            "main.tf",
            r#"
provider "aws" {
  region = "eu-west-1"
  default_tags {
    tags = { env = "prod", team = "a" }
  }
}
provider "aws" {
  alias  = "other"
  region = "cn-north-1"
  default_tags {
    tags = { n = 1 }
  }
}
resource "aws_iam_user" "here" {
  name = "here"
  tags = { team = "b", gone = null }
}
resource "aws_iam_user" "there" {
  name     = "there"
  provider = aws.other
}
module "m" {
  source    = "./m"
  providers = { aws = aws.other, aws.up = aws }
}
"#,
        ),
        (
            "m/main.tf",
            r#"
resource "aws_iam_user" "own" {
  name = data.aws_region.r.name
}
resource "aws_iam_user" "up" {
  name     = data.aws_partition.p.dns_suffix
  provider = aws.up
}
data "aws_region" "r" {}
data "aws_partition" "p" {}
data "aws_caller_identity" "i" {}
"#,
        ),
    ]);
    assert_eq!(plan.errors, Vec::<String>::new());
    plan.assert(&[
        ("aws_iam_user.here", "tags", json!({"team": "b"})),
        ("aws_iam_user.here", "tags_all", json!({"env": "prod", "team": "b"})),
        ("aws_iam_user.there", "tags", json!(null)),
        ("aws_iam_user.there", "tags_all", json!({"n": "1"})),
        ("module.m.aws_iam_user.own", "tags_all", json!({"n": "1"})),
        ("module.m.aws_iam_user.own", "name", json!("cn-north-1")),
        ("module.m.aws_iam_user.up", "tags_all", json!({"env": "prod", "team": "a"})),
        ("module.m.aws_iam_user.up", "name", json!("amazonaws.com.cn")),
        ("module.m.data.aws_caller_identity.i", "account_id", json!("<unknown>")),
    ]);
}

#[test]
fn the_account_is_that_of_the_role_assumed_or_the_only_one_allowed() {
    let plan = Plan::clean(
        r#"
provider "aws" {
  region = "us-gov-west-1"
  assume_role {
    role_arn = "arn:aws-us-gov:iam::${local.id}:role/deploy"
  }
}
provider "aws" {
  alias               = "allowed"
  allowed_account_ids = ["222233334444"]
}
locals {
  id = "111122223333"
}
data "aws_caller_identity" "role" {}
data "aws_partition" "role" {}
data "aws_caller_identity" "allowed" {
  provider = aws.allowed
}
"#,
    );
    plan.assert(&[
        ("data.aws_caller_identity.role", "account_id", json!("111122223333")),
        ("data.aws_partition.role", "partition", json!("aws-us-gov")),
        ("data.aws_caller_identity.allowed", "id", json!("222233334444")),
    ]);
}

#[test]
fn opentofu_repeats_provider_configurations() {
    let plan = Plan::of(&[(
        "main.tofu",
        r#"
provider "aws" {
  alias    = "by_region"
  for_each = toset(["eu-west-1", "us-east-1"])
  region   = each.value
  default_tags {
    tags = { region = each.key }
  }
}
resource "aws_iam_user" "u" {
  for_each = toset(["us-east-1"])
  name     = "u"
  provider = aws.by_region[each.key]
}
"#,
    )]);
    assert_eq!(plan.errors, Vec::<String>::new());
    plan.assert(&[("aws_iam_user.u[\"us-east-1\"]", "tags_all", json!({"region": "us-east-1"}))]);
}

#[test]
fn a_provider_block_in_json_syntax_has_the_same_blocks() {
    let plan = Plan::of(&[(
        "main.tf.json",
        r#"{"provider": {"aws": [{"region": "eu-west-3", "default_tags": [{"tags": {"d": "e"}}]}]},
            "resource": {"aws_iam_user": {"u": {"name": "u"}}},
            "data": {"aws_iam_policy_document": {"d": {"statement": {"actions": ["a"], "dynamic": {"principals":
              {"for_each": ["AWS"], "content": {"type": "${principals.value}", "identifiers": ["*"]}}}}}}}}"#,
    )]);
    assert_eq!(plan.errors, Vec::<String>::new());
    let json: Value =
        serde_json::from_str(plan.get("data.aws_iam_policy_document.d", "json").as_str().unwrap()).unwrap();
    assert_eq!(json["Statement"][0]["Principal"], json!({"AWS": "*"}));
    plan.assert(&[("aws_iam_user.u", "tags_all", json!({"d": "e"}))]);
}

#[test]
fn what_is_empty_or_null_is_shown_as_the_provider_shows_it() {
    let plan = Plan::clean(
        r#"
resource "aws_security_group" "s" {
  name = ""
  ingress {
    from_port = "1"
    to_port   = 2
    protocol  = -1
  }
  egress = [{
    from_port = 1, to_port = 1, protocol = "tcp", cidr_blocks = null, ipv6_cidr_blocks = null,
    prefix_list_ids = null, security_groups = null, self = null, description = null
  }]
}
resource "aws_lambda_function" "f" {
  function_name = ""
  role          = "r"
  layers        = []
  publish       = null
  tags          = {}
  environment {
    variables = { a = null, b = "" }
  }
}
resource "aws_iam_policy_attachment" "a" {
  name       = "x"
  policy_arn = "y"
  users      = []
}
resource "aws_iam_role" "r" {
  assume_role_policy  = "{}"
  managed_policy_arns = []
  inline_policy {
    name = "p"
  }
}
"#,
    );
    let rule = |from: u8, to: u8, protocol: &str| {
        json!([{"from_port": from, "to_port": to, "protocol": protocol, "cidr_blocks": [], "ipv6_cidr_blocks": [],
                "prefix_list_ids": [], "security_groups": [], "self": false, "description": ""}])
    };
    plan.assert(&[
        ("aws_security_group.s", "name", json!("<unknown>")),
        ("aws_security_group.s", "ingress", rule(1, 2, "-1")),
        ("aws_security_group.s", "egress", rule(1, 1, "tcp")),
        ("aws_lambda_function.f", "function_name", json!("")),
        ("aws_lambda_function.f", "layers", json!([])),
        ("aws_lambda_function.f", "publish", json!(false)),
        ("aws_lambda_function.f", "tags", json!(null)),
        ("aws_lambda_function.f", "tags_all", json!("<unknown>")),
        ("aws_lambda_function.f", "environment", json!([{"variables": {"b": ""}}])),
        ("aws_iam_policy_attachment.a", "users", json!(null)),
        ("aws_iam_role.r", "managed_policy_arns", json!("<unknown>")),
        ("aws_iam_role.r", "inline_policy", json!([{"name": "p", "policy": ""}])),
    ]);
}

const DOCUMENTS: &str = r#"
resource "aws_iam_user" "u" {
  name = "u"
}
resource "aws_iam_user" "none" {
  count = 0
  name  = "none"
}
locals {
  name = aws_iam_user.u.name
}
variable "given" {}
data "aws_iam_policy_document" "read" {
  policy_id = ""
  statement {
    actions = ["a"]
  }
}
data "aws_iam_policy_document" "empty" {
  depends_on = [aws_iam_user.none]
}
data "aws_iam_policy_document" "by_local" {
  policy_id = local.name
}
data "aws_iam_policy_document" "direct" {
  policy_id = aws_iam_user.u.name
}
data "aws_iam_policy_document" "unknown" {
  statement {
    resources = [aws_iam_user.u.arn]
  }
}
data "aws_iam_policy_document" "after" {
  depends_on = [aws_iam_user.u]
}
data "aws_iam_policy_document" "rests" {
  source_policy_documents = [data.aws_iam_policy_document.after.json]
}
data "aws_iam_policy_document" "not_known" {
  policy_id = var.given
}
"#;

#[test]
fn a_data_source_that_is_read_late_shows_only_what_is_written() {
    let plan = Plan::clean(DOCUMENTS);
    let document = |name: &str| format!("data.aws_iam_policy_document.{name}");
    for read in ["read", "empty", "by_local"] {
        assert_eq!(plan.get(&document(read), "version"), "2012-10-17", "{read}");
    }
    for late in ["direct", "unknown", "after", "rests"] {
        assert_eq!(plan.get(&document(late), "version"), &json!(null), "{late}");
    }
    let statement = |name: &str| plan.get(&document(name), "statement");
    assert_eq!(
        statement("read"),
        &json!([{"sid": "", "effect": "Allow", "actions": ["a"], "not_actions": [], "resources": [],
                 "not_resources": [], "principals": [], "not_principals": [], "condition": []}])
    );
    assert_eq!(plan.get(&document("read"), "policy_id"), &json!(null));
    assert_eq!(statement("empty"), &json!(null));
    assert_eq!(statement("after"), &json!([]));
    assert_eq!(statement("unknown")[0]["effect"], json!(null));
    assert!(plan.get(&document("not_known"), "version").get("$unknown").is_some());
    // The document itself can be computed all the same.
    assert!(plan.get(&document("direct"), "json").as_str().unwrap().contains("\"Id\": \"u\""));
}

#[test]
fn blocks_of_one_set_come_in_the_providers_order() {
    let plan = Plan::clean(
        r#"
data "aws_iam_policy_document" "d" {
  statement {
    principals {
      type        = "AWS"
      identifiers = ["a", "b"]
    }
    principals {
      type        = "AWS"
      identifiers = ["c"]
    }
    condition {
      test     = "StringEquals"
      variable = "k"
      values   = ["v2"]
    }
    condition {
      test     = "StringEquals"
      variable = "k"
      values   = ["v1", "&{aws:username}"]
    }
  }
}
"#,
    );
    let json = plan.get("data.aws_iam_policy_document.d", "minified_json").as_str().unwrap();
    let statement = serde_json::from_str::<Value>(json).unwrap()["Statement"][0].clone();
    assert_eq!(statement["Principal"]["AWS"], json!(["b", "a", "c"]));
    assert_eq!(statement["Condition"]["StringEquals"]["k"], json!(["v2", "v1", "${aws:username}"]));
}

#[test]
fn blocks_that_make_nothing_are_read_and_a_check_has_its_data_source() {
    let plan = Plan::clean(
        r#"
moved {
  from = aws_iam_user.old
  to   = aws_iam_user.new
}
removed {
  from = aws_iam_user.gone
  lifecycle {
    destroy = false
  }
}
import {
  to = aws_iam_user.new
  id = "new"
}
ephemeral "aws_secretsmanager_secret_version" "s" {
  secret_id = "x"
}
resource "aws_iam_user" "new" {
  name = "new"
  lifecycle {
    ignore_changes = [tags]
  }
  provisioner "local-exec" {
    command = "echo ${self.name} ${ephemeral.aws_secretsmanager_secret_version.s.secret_string}"
  }
}
check "c" {
  data "aws_iam_policy_document" "scoped" {
    policy_id = "x"
  }
  assert {
    condition     = data.aws_iam_policy_document.scoped.policy_id == "x"
    error_message = "no"
  }
}
"#,
    );
    assert_eq!(plan.addresses(), ["aws_iam_user.new", "data.aws_iam_policy_document.scoped"]);
}

#[test]
fn opentofu_files_win_and_switch_blocks_off() {
    let plan = Plan::of(&[
        ("main.tf", "resource \"aws_iam_user\" \"u\" {\n  name = \"terraform\"\n}\n"),
        ("main.tofu", "resource \"aws_iam_user\" \"u\" {\n  name = \"tofu\"\n}\n"),
        (
            "off.tofu",
            r#"
variable "on" {
  default = false
}
resource "aws_iam_user" "off" {
  name = "off"
  lifecycle {
    enabled = var.on
  }
}
module "off" {
  source = "./m"
  lifecycle {
    enabled = var.on
  }
}
"#,
        ),
        ("m/main.tf", "resource \"aws_iam_user\" \"m\" {\n  name = \"m\"\n}\n"),
    ]);
    assert_eq!(plan.errors, Vec::<String>::new());
    assert_eq!(plan.addresses(), ["aws_iam_user.u"]);
    plan.assert(&[("aws_iam_user.u", "name", json!("tofu"))]);
}

#[test]
fn blocks_that_depend_on_each_other_are_an_error() {
    let errors = |text: &str| {
        let module = "variable \"a\" {}\noutput \"a\" {\n  value = var.a\n}\noutput \"b\" {\n  value = 1\n}\n";
        Plan::of(&[("main.tf", text), ("m/main.tf", module)]).errors
    };
    let user = |name: &str, path: &str| {
        format!("resource \"aws_iam_user\" \"{name}\" {{\n  name = \"{name}\"\n  path = {path}\n}}\n")
    };
    let through_a_local =
        user("a", "aws_iam_user.b.arn") + &user("b", "local.x") + "locals {\n  x = aws_iam_user.a.arn\n}\n";
    assert_eq!(errors(&through_a_local), ["these depend on each other: `local.x`, `aws_iam_user.a`, `aws_iam_user.b`"]);
    let call = |name: &str, a: &str| format!("module \"{name}\" {{\n  source = \"./m\"\n  a = {a}\n}}\n");
    assert_eq!(errors(&(call("x", "module.y.a") + &call("y", "module.x.b"))), Vec::<String>::new());
    assert_eq!(errors(&call("z", "module.z.b")), Vec::<String>::new());
    assert_eq!(errors(&(call("x", "module.y.a") + &call("y", "module.x.a"))).len(), 1);
    let waiting = user("c", "null").replace("path = null", "depends_on = [module.w]")
        + &call("w", "1").replace("a = 1", "a = 1\n  depends_on = [aws_iam_user.c]");
    let message = &errors(&waiting)[0];
    assert!(message.contains("`aws_iam_user.c`") && message.contains("`module.w`"), "{message}");
}

#[test]
fn a_call_sets_the_variables_of_its_module() {
    let module = ("m/main.tf", "variable \"need\" {}\nvariable \"may\" {\n  default = 1\n}\n");
    let errors = |arguments: &str| {
        let text = format!("module \"m\" {{\n  source = \"./m\"\n{arguments}}}\n");
        Plan::of(&[("main.tf", &text), module]).errors
    };
    assert_eq!(errors("  need = null\n"), Vec::<String>::new());
    assert_eq!(errors("  may = 2\n"), ["`module.m` does not set `need`, which has no default"]);
    assert_eq!(errors("  need = 1\n  more = 2\n"), ["`module.m` has no variable `more`"]);
}

#[test]
fn an_instance_is_named_where_there_are_several_and_only_there() {
    let errors = |expression: &str| {
        let text = format!(
            "resource \"aws_iam_user\" \"one\" {{\n  name = \"a\"\n}}\n\
             resource \"aws_iam_user\" \"two\" {{\n  count = 2\n  name = \"b\"\n}}\n\
             resource \"aws_iam_user\" \"u\" {{\n  name = {expression}\n}}\n"
        );
        Plan::of(&[("main.tf", &text)]).errors.len()
    };
    assert_eq!(errors("aws_iam_user.one.name"), 0);
    assert_eq!(errors("one(aws_iam_user.one[*].name)"), 0);
    assert_eq!(errors("aws_iam_user.two[1].name"), 0);
    assert_eq!(errors("aws_iam_user.two.0.name"), 0);
    // Terraform finds these before it evaluates anything.
    assert_eq!(errors("try(aws_iam_user.one[0].name, \"x\")"), 1);
    assert_eq!(errors("try(aws_iam_user.two.name, \"x\")"), 1);
}

#[test]
fn for_each_over_a_map_with_unknown_values_has_known_instances() {
    let plan = Plan::clean(
        r#"
resource "aws_iam_user" "base" {
  name = "base"
}
resource "aws_iam_user" "u" {
  for_each = { a = aws_iam_user.base.arn, b = "lit" }
  name     = each.value
  path     = "/${each.key}/"
}
resource "aws_s3_bucket" "b" {
  bucket = "b"
  dynamic "lifecycle_rule" {
    for_each = toset([{ n = "y", d = [1, 2] }, { n = "x", d = [] }])
    iterator = rule
    content {
      enabled = true
      prefix  = rule.key.n
      dynamic "transition" {
        for_each = rule.value.d
        content {
          days          = transition.value
          storage_class = "${rule.value.n}${transition.key}"
        }
      }
    }
  }
}
"#,
    );
    plan.assert(&[
        ("aws_iam_user.u[\"a\"]", "name", json!("<unknown>")),
        ("aws_iam_user.u[\"a\"]", "path", json!("/a/")),
        ("aws_iam_user.u[\"b\"]", "name", json!("lit")),
    ]);
    let rules = plan.get("aws_s3_bucket.b", "lifecycle_rule");
    let prefixes: Vec<&str> = rules.as_array().unwrap().iter().map(|rule| rule["prefix"].as_str().unwrap()).collect();
    let with = usize::from(prefixes == ["x", "y"]);
    assert_eq!(rules[with]["transition"].as_array().unwrap().len(), 2);
    assert_eq!(rules[1 - with]["transition"], json!([]));
}
