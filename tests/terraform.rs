//! What Terraform expressions and modules mean, through the library: expressions with the answers that Terraform 1.11
//! gives, modules with the values that reach their resources.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::BTreeMap;

use rootlint::files::Memory;
use rootlint::report::value::answer;
use rootlint::scan::{self, EvalRow, Options, ResourceRow, VariableArgument};
use serde_json::{Value, json};

/// Answers to expressions in the root module made of `files`.
fn eval(files: &[(&str, &str)], expressions: &[&str]) -> Vec<Value> {
    let files: Memory = files.iter().copied().collect();
    let mut rows = Vec::new();
    let expressions = expressions.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>().into_iter();
    scan::evaluate(&files, &Options::default(), "".into(), expressions, &mut |row| {
        rows.push(match &row {
            EvalRow::Value(value) => answer(Ok(value)),
            EvalRow::Error(message) => answer(Err(message)),
        });
    });
    rows.iter().map(|row| serde_json::from_str(&row.to_string()).unwrap()).collect()
}

/// Asserts one answer after the other; `"error"` and `"unknown"` stand for any error, any unknown.
fn assert_answers(files: &[(&str, &str)], rows: &[(&str, Value)]) {
    let expressions: Vec<&str> = rows.iter().map(|(text, _)| *text).collect();
    let wanted = |answer: &Value, want: &Value| match want.as_str() {
        Some("<error>") => answer.get("error").is_some(),
        Some("<unknown>") => answer.get("unknown").is_some(),
        _ => answer.get("value") == Some(want),
    };
    let answers = eval(files, &expressions);
    let wrong: Vec<String> = answers
        .iter()
        .zip(rows)
        .filter(|(answer, (_, want))| !wanted(answer, want))
        .map(|(answer, (text, want))| format!("{text}\n  want {want}\n  got  {answer}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn resources(files: &[(&str, &str)], options: Options) -> (Vec<ResourceRow>, Vec<String>) {
    let files: Memory = files.iter().copied().collect();
    let options = Options { paths: vec!["".into()], ..options };
    let (rows, outcome) = scan::resources(&files, &options);
    (rows, outcome.findings.errors.into_iter().map(|error| error.message).collect())
}

/// The evaluated attribute of each resource, by address.
fn attribute(rows: &[ResourceRow], name: &str) -> BTreeMap<String, String> {
    rows.iter()
        .map(|row| {
            let value = row.attributes.fields().and_then(|fields| fields.get(name));
            let shown = value.and_then(|value| value.as_str().map(|text| text.into_owned()));
            (row.address.to_string(), shown.unwrap_or_else(|| "?".into()))
        })
        .collect()
}

#[test]
fn operators() {
    assert_answers(
        &[],
        &[
            ("1 + 2 * 3", json!(7)),
            ("-2 - -3", json!(1)),
            ("\"4\" * 2", json!(8)),
            ("7 % 4", json!(3)),
            ("1 / 0", json!("<error>")),
            ("true && !false || false", json!(true)),
            ("1 < 2 == true", json!(true)),
            ("\"a\" == \"a\"", json!(true)),
            ("1 == \"1\"", json!(false)),
            ("null == null", json!(true)),
            ("[] == {}", json!(false)),
            ("null + 1", json!("<error>")),
            ("\"x\" + 1", json!("<error>")),
        ],
    );
}

#[test]
fn conditionals_take_the_type_of_both_arms() {
    assert_answers(
        &[],
        &[
            ("true ? 1 : \"a\"", json!("1")),
            ("false ? null : [\"x\"]", json!(["x"])),
            ("true ? {a = 1} : {a = \"b\"}", json!({"a": "1"})),
            ("null ? 1 : 2", json!("<error>")),
            ("true ? 1 : nothing.at.all", json!(1)),
            ("true ? [1] : {}", json!("<error>")),
        ],
    );
}

#[test]
fn templates_and_heredocs() {
    assert_answers(
        &[],
        &[
            ("\"a${1 + 1}b\"", json!("a2b")),
            ("\"${true}\"", json!(true)),
            ("\"$${x} %%{y} $\"", json!("${x} %{y} $")),
            ("\"%{ if true }y%{ else }n%{ endif }\"", json!("y")),
            ("\"%{ for i, x in [\"a\", \"b\"] ~}  ${i}${x}%{ endfor }\"", json!("0a1b")),
            ("\"${null}\"", json!(null)),
            ("\"-${null}\"", json!("<error>")),
            ("\"${[]}-\"", json!("<error>")),
            ("<<EOT\na\n  b\nEOT\n", json!("a\n  b\n")),
            ("<<-EOT\n    a\n      b\n    ${\"c\"}\n  EOT\n", json!("a\n  b\nc\n")),
            ("\"\\u00e9\\n\"", json!("é\n")),
        ],
    );
}

#[test]
fn for_and_splat() {
    assert_answers(
        &[],
        &[
            ("[for x in [1, 2, 3] : x * 2 if x != 2]", json!([2, 6])),
            ("{for k, v in {b = 1, a = 2} : v => k}", json!({"1": "b", "2": "a"})),
            ("{for x in [\"aa\", \"b\", \"ab\"] : substr(x, 0, 1) => x...}", json!({"a": ["aa", "ab"], "b": ["b"]})),
            ("{for x in [1, 1] : \"k\" => x}", json!("<error>")),
            ("[{a = {b = 1}}, {a = {b = 2}}][*].a.b", json!([1, 2])),
            ("[{a = 1}].*.a", json!([1])),
            ("null[*]", json!([])),
            ("\"x\"[*]", json!(["x"])),
            ("[1, 2][5]", json!("<error>")),
            ("{a = 1}.b", json!("<error>")),
            ("{a = [10, 20]}.a.1", json!(20)),
            ("[for x in null : x]", json!("<error>")),
        ],
    );
}

#[test]
fn try_and_can_catch_what_terraform_lets_them_catch() {
    let files = [("main.tf", "variable \"o\" { default = { a = 1 } }\nvariable \"u\" {}\n")];
    assert_answers(
        &files,
        &[
            ("try(var.o.b, \"d\")", json!("d")),
            ("can(var.o.a)", json!(true)),
            ("can(var.o.b)", json!(false)),
            ("try(var.nope, 1)", json!("<error>")),
            ("try(local.nope, 1)", json!("<error>")),
            ("try(var.u, 1)", json!("<unknown>")),
            ("try(var.o.b, var.o.c)", json!("<error>")),
        ],
    );
}

#[test]
fn unknowns_keep_what_is_known_beside_them() {
    let files = [("main.tf", "variable \"u\" { type = string }\nvariable \"any\" {}\n")];
    let unknown = json!({"$unknown": "`var.u` has no value"});
    assert_answers(
        &files,
        &[
            ("var.u", json!("<unknown>")),
            ("[var.u, 1]", json!([unknown, 1])),
            ("{a = var.u}.a", json!("<unknown>")),
            ("length([var.u, 1])", json!(2)),
            ("\"x-${var.u}\"", json!({"$text": ["x-", unknown]})),
            ("var.u == \"x\"", json!("<unknown>")),
            ("var.u == \"x\" ? 1 : 2", json!("<unknown>")),
            ("false && var.any", json!(false)),
            ("true || var.any", json!(true)),
            ("[for x in [1, 2] : x if var.any]", json!("<unknown>")),
        ],
    );
}

#[test]
fn variables_take_their_declared_type_and_the_defaults_of_optional_attributes() {
    let files = [(
        "main.tf",
        r#"
variable "n" {
  type    = string
  default = 42
}
variable "o" {
  type = object({ a = string, b = optional(number, 7), c = optional(object({ d = optional(bool, true) }), {}) })
  default = { a = 1 }
}
variable "l" {
  type    = list(object({ x = optional(string, "dx") }))
  default = [{}, { x = "y" }]
}
variable "s" {
  type    = set(string)
  default = ["b", "a", "b"]
}
variable "bad" {
  type    = number
  default = "many"
}
"#,
    )];
    assert_answers(
        &files,
        &[
            ("var.n", json!("42")),
            ("var.o", json!({"a": "1", "b": 7, "c": {"d": true}})),
            ("var.l[*].x", json!(["dx", "y"])),
            ("var.s", json!(["a", "b"])),
            ("var.bad", json!("<error>")),
        ],
    );
}

#[test]
fn values_given_are_validated() {
    let files = [(
        "main.tf",
        r#"
variable "env" {
  default = "prod"
  validation {
    condition     = contains(["dev", "prod"], var.env)
    error_message = "one of dev and prod, not ${var.env}"
  }
}
variable "open" {
  validation {
    condition     = var.open != ""
    error_message = "not empty"
  }
}
resource "aws_iam_user" "u" { name = "${var.env}-${var.open}" }
"#,
    )];
    assert_eq!(resources(&files, Options::default()).1, Vec::<String>::new());
    let var = VariableArgument::Var { name: "env".into(), value: "test".into() };
    let (_, errors) = resources(&files, Options { variables: vec![var], ..Options::default() });
    assert_eq!(errors, ["`var.env` is not valid: one of dev and prod, not test"]);
}

#[test]
fn the_workspace_is_what_terraform_takes_it_to_be() {
    let files = [
        ("main.tf", "resource \"aws_iam_user\" \"u\" { name = terraform.workspace }\n"),
        (".terraform/environment", "env\n"),
    ];
    let name = |files: &[(&str, &str)], options: Options| {
        attribute(&resources(files, options).0, "name")["aws_iam_user.u"].clone()
    };
    let some = |name: &str| Some(name.to_owned());
    assert_eq!(name(&files[..1], Options::default()), "default");
    assert_eq!(name(&files, Options::default()), "env");
    let environment = Options { environment_workspace: some("variable"), ..Options::default() };
    assert_eq!(name(&files, environment.clone()), "variable");
    assert_eq!(name(&files, Options { workspace: some("option"), ..environment }), "option");
}

#[test]
fn values_reach_the_root_module_in_terraforms_order_of_precedence() {
    let files = [
        ("main.tf", "variable \"v\" { default = \"default\" }\nresource \"aws_iam_user\" \"u\" { name = var.v }\n"),
        ("terraform.tfvars", "v = \"tfvars\"\n"),
        ("b.auto.tfvars", "v = \"auto\"\n"),
        ("given.tfvars", "v = \"file\"\n"),
    ];
    let name = |files: &[(&str, &str)], options: Options| {
        attribute(&resources(files, options).0, "name")["aws_iam_user.u"].clone()
    };
    assert_eq!(name(&files[..1], Options::default()), "default");
    let environment = BTreeMap::from([("v".to_owned(), "environment".to_owned())]);
    assert_eq!(name(&files[..1], Options { environment: environment.clone(), ..Options::default() }), "environment");
    assert_eq!(name(&files[..2], Options { environment, ..Options::default() }), "tfvars");
    assert_eq!(name(&files, Options::default()), "auto");
    let file = VariableArgument::File("given.tfvars".into());
    let var = VariableArgument::Var { name: "v".into(), value: "option".into() };
    let given = |variables: Vec<VariableArgument>| Options { variables, ..Options::default() };
    assert_eq!(name(&files, given(vec![file.clone()])), "file");
    assert_eq!(name(&files, given(vec![file.clone(), var.clone()])), "option");
    assert_eq!(name(&files, given(vec![var, file])), "file");
}

#[test]
fn modules_pass_values_down_and_up_for_each_instance() {
    let files = [
        (
            "main.tf",
            r#"
module "team" {
  source   = "./team"
  for_each = { ops = "root", dev = "ann" }
  member   = each.value
}
resource "aws_iam_user" "again" {
  name = module.team["dev"].made
}
resource "aws_iam_user" "all" {
  for_each = module.team
  name     = "${each.key}-${each.value.made}"
}
"#,
        ),
        (
            "team/main.tf",
            r#"
variable "member" { type = string }
resource "aws_iam_user" "this" {
  count = 2
  name  = "${var.member}-${count.index}"
}
output "made" { value = aws_iam_user.this[1].name }
"#,
        ),
    ];
    let (rows, errors) = resources(&files, Options::default());
    assert_eq!(errors, Vec::<String>::new());
    let names = attribute(&rows, "name");
    let expected = [
        ("aws_iam_user.again", "ann-1"),
        ("aws_iam_user.all[\"dev\"]", "dev-ann-1"),
        ("aws_iam_user.all[\"ops\"]", "ops-root-1"),
        ("module.team[\"dev\"].aws_iam_user.this[0]", "ann-0"),
        ("module.team[\"dev\"].aws_iam_user.this[1]", "ann-1"),
        ("module.team[\"ops\"].aws_iam_user.this[0]", "root-0"),
        ("module.team[\"ops\"].aws_iam_user.this[1]", "root-1"),
    ];
    assert_eq!(names, expected.into_iter().map(|(address, name)| (address.to_owned(), name.to_owned())).collect());
}

#[test]
fn what_differs_from_instance_to_instance_is_evaluated_for_each() {
    let text = r#"
resource "aws_iam_user" "n" {
  count = 3
  name  = join("", [for part in ["n"] : "${part}${part == "n" ? upper("x${count.index}") : ""}"])
  path  = format("/%s/", join("-", [for i in range(3) : tostring(i)]))
}
resource "aws_iam_user" "e" {
  for_each = { a = { name = "one" }, b = { name = "two" } }
  name     = "%{ if true }${each.value["name"]}%{ endif }"
  path     = "/${aws_iam_user.n[1].name}/"
}
"#;
    let (rows, errors) = resources(&[("main.tf", text)], Options::default());
    assert_eq!(errors, Vec::<String>::new());
    let shown = |name: &str| attribute(&rows, name).into_values().collect::<Vec<_>>();
    assert_eq!(shown("name"), ["one", "two", "nX0", "nX1", "nX2"]);
    assert_eq!(shown("path"), ["/nX1/", "/nX1/", "/0-1-2/", "/0-1-2/", "/0-1-2/"]);
}

#[test]
fn instances_that_are_not_known_are_possible_and_absent_ones_are_not_listed() {
    let files = [(
        "main.tf",
        r#"
variable "n" {}
resource "aws_iam_user" "maybe" {
  count = var.n
  name  = "m"
}
resource "aws_iam_user" "never" {
  count = 0
  name  = "n"
}
resource "aws_iam_user" "none" {
  for_each = toset([])
  name     = each.key
}
"#,
    )];
    let (rows, _) = resources(&files, Options::default());
    let listed: Vec<(&str, Option<&str>)> = rows.iter().map(|row| (&*row.address, row.condition.as_deref())).collect();
    assert_eq!(listed, [("aws_iam_user.maybe[*]", Some("`var.n` has no value"))]);
}

#[test]
fn an_override_file_replaces_arguments() {
    let files = [
        ("main.tf", "resource \"aws_iam_user\" \"u\" {\n  name = \"root\"\n  path = \"/a/\"\n}\n"),
        ("main_override.tf", "resource \"aws_iam_user\" \"u\" {\n  name = \"ci\"\n}\n"),
    ];
    let (rows, errors) = resources(&files, Options::default());
    assert_eq!(errors, Vec::<String>::new());
    assert_eq!(attribute(&rows, "name")["aws_iam_user.u"], "ci");
    assert_eq!(attribute(&rows, "path")["aws_iam_user.u"], "/a/");
}

#[test]
fn json_syntax_means_what_the_native_syntax_means() {
    let files = [(
        "main.tf.json",
        r#"{"variable": {"v": {"type": "list(string)", "default": ["root"]}},
            "locals": {"n": "${upper(var.v[0])}"},
            "resource": {"aws_iam_user": {"u": {"name": "x-${local.n}", "//": "a comment", "tags": {"//": "a key"}}}},
            "data": {"aws_iam_policy_document": {"d": {"statement": [{"actions": ["iam:*"], "resources": ["*"]}]}}}}"#,
    )];
    let (rows, errors) = resources(&files, Options::default());
    assert_eq!(errors, Vec::<String>::new());
    assert_eq!(attribute(&rows, "name")["aws_iam_user.u"], "x-ROOT");
    // In a value it is a key like others.
    let tags = rows.iter().find_map(|row| row.attributes.fields()?.get("tags")?.fields()?.get("//")?.as_str());
    assert_eq!(tags.as_deref(), Some("a key"));
    let document: Value = serde_json::from_str(&attribute(&rows, "json")["data.aws_iam_policy_document.d"]).unwrap();
    assert_eq!(
        document,
        json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:*", "Resource": "*"}]})
    );
}

#[test]
fn policy_documents_print_as_the_provider_prints_them() {
    let files = [(
        "main.tf",
        r#"
data "aws_iam_policy_document" "base" {
  statement {
    sid       = "Same"
    effect    = "Deny"
    actions   = ["iam:B", "iam:A"]
    resources = ["arn:aws:iam::*:user/&{aws:username}"]
  }
}
data "aws_iam_policy_document" "d" {
  source_policy_documents = [data.aws_iam_policy_document.base.json]
  dynamic "statement" {
    for_each = { one = "s3:*", two = "sqs:*" }
    content {
      sid       = statement.key
      actions   = [statement.value]
      resources = ["*"]
      condition {
        test     = "StringLike"
        variable = "aws:PrincipalArn"
        values   = ["b", "a"]
      }
    }
  }
  statement {
    sid     = "Same"
    effect  = "Allow"
    actions = ["iam:C<"]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
  }
}
"#,
    )];
    let (rows, errors) = resources(&files, Options::default());
    assert_eq!(errors, Vec::<String>::new());
    let text = &attribute(&rows, "json")["data.aws_iam_policy_document.base"];
    assert_eq!(
        text,
        "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\n      \"Sid\": \"Same\",\n      \"Effect\": \"Deny\",\n      \
         \"Action\": [\n        \"iam:B\",\n        \"iam:A\"\n      ],\n      \
         \"Resource\": \"arn:aws:iam::*:user/${aws:username}\"\n    }\n  ]\n}"
    );
    let merged: Value =
        serde_json::from_str(&attribute(&rows, "minified_json")["data.aws_iam_policy_document.d"]).unwrap();
    let condition = json!({"StringLike": {"aws:PrincipalArn": ["b", "a"]}});
    assert_eq!(
        merged["Statement"],
        json!([
            {"Sid": "Same", "Effect": "Allow", "Action": "iam:C<", "Principal": "*"},
            {"Sid": "one", "Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": condition},
            {"Sid": "two", "Effect": "Allow", "Action": "sqs:*", "Resource": "*", "Condition": condition},
        ])
    );
}

#[test]
fn a_module_that_is_not_there_costs_only_its_outputs() {
    let files = [(
        "main.tf",
        r#"
module "gone" { source = "terraform-aws-modules/iam/aws" }
resource "aws_iam_user" "a" { name = module.gone.name }
resource "aws_iam_user" "b" { name = "b" }
"#,
    )];
    let (rows, errors) = resources(&files, Options::default());
    assert_eq!(errors, Vec::<String>::new());
    let names = attribute(&rows, "name");
    assert_eq!((names["aws_iam_user.a"].as_str(), names["aws_iam_user.b"].as_str()), ("?", "b"));
}

#[test]
fn a_file_with_an_error_still_yields_its_other_blocks() {
    let files = [(
        "main.tf",
        "resource \"aws_iam_user\" \"a\" { name = \"a\" }\nresource \"aws_iam_user\" \"b\" {\n  name = = 1\n}\n\
         resource \"aws_iam_user\" \"c\" { name = \"c\" }\n",
    )];
    let (rows, errors) = resources(&files, Options::default());
    assert_eq!(attribute(&rows, "name").into_keys().collect::<Vec<_>>(), ["aws_iam_user.a", "aws_iam_user.c"]);
    assert_eq!(errors.len(), 1);
}

#[test]
fn what_depends_on_itself_is_an_error_and_ends() {
    let files = [
        ("main.tf", "locals {\n  a = local.b\n  b = local.a\n}\nresource \"aws_iam_user\" \"u\" { name = local.a }\n"),
        ("loop/main.tf", "module \"m\" { source = \"../loop2\" }\n"),
        (
            "loop2/main.tf",
            "module \"m\" { source = \"../loop\" }\nresource \"aws_iam_user\" \"l\" { name = module.m.name }\n",
        ),
    ];
    let (rows, errors) = resources(&files, Options::default());
    let unknowns = rows.iter().filter_map(|row| row.attributes.fields()?.get("name")?.as_unknown());
    let reasons: Vec<String> = unknowns.map(|unknown| unknown.reason.to_string()).collect();
    assert!(reasons.iter().any(|reason| reason.contains("`module.m` calls a module that")), "{reasons:?}");
    assert!(errors.iter().any(|error| error.contains("depends on itself")), "{errors:?}");
    assert!(errors.iter().any(|error| error.contains("a module that it is a part of")), "{errors:?}");
}

#[test]
fn a_provisioner_may_name_the_resource_it_belongs_to() {
    let files = [(
        "main.tf",
        r#"
resource "aws_iam_user" "u" {
  name = "u"
  provisioner "local-exec" { command = "echo ${aws_iam_user.u.arn}" }
}
resource "aws_iam_user" "v" { name = aws_iam_user.v.arn }
"#,
    )];
    let (_, errors) = resources(&files, Options::default());
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].contains("aws_iam_user.v"), "{errors:?}");
}

#[test]
fn long_chains_end_in_an_error_and_not_in_a_crash() {
    let mut text = String::from("locals {\n  l0 = 1\n");
    for index in 1..100_000 {
        text.push_str(&format!("  l{index} = local.l{}\n", index - 1));
    }
    text.push_str("}\n");
    let answers = eval(&[("main.tf", &text)], &["local.l99999", "local.l100"]);
    assert!(answers[0].get("error").is_some(), "{}", answers[0]);
    assert_eq!(answers[1]["value"], json!(1));
}

#[test]
fn strings_do_not_grow_without_end() {
    let mut text = String::from("locals {\n  s0 = \"0123456789abcdef\"\n");
    for index in 1..40 {
        text.push_str(&format!("  s{index} = \"${{local.s{}}}${{local.s{}}}\"\n", index - 1, index - 1));
    }
    text.push_str("}\n");
    let answers = eval(&[("main.tf", &text)], &["local.s39"]);
    assert!(answers[0].get("error").is_some(), "{}", answers[0]);
}

#[test]
fn values_do_not_grow_without_end() {
    let mut text = String::from("variable \"u\" {}\nlocals {\n  s0 = \"-${var.u}\"\n  l0 = [1]\n");
    for index in 1..40 {
        let before = index - 1;
        text.push_str(&format!("  s{index} = \"${{local.s{before}}}${{local.s{before}}}\"\n"));
        text.push_str(&format!("  l{index} = [local.l{before}, local.l{before}]\n"));
    }
    text.push_str("}\n");
    let answers = eval(&[("main.tf", &text)], &["local.s39", "local.l39", "jsonencode(local.l18)"]);
    assert!(answers[0].get("unknown").is_some() || answers[0].get("value").is_some());
    assert!(answers[1].get("error").is_some(), "{}", answers[1]);
    assert!(answers[2].get("value").is_some());
}

#[test]
fn secrets_stay_sensitive_through_everything() {
    let files =
        [("main.tf", "variable \"s\" {\n  default   = \"x\"\n  sensitive = true\n}\nlocals { l = [\"${var.s}y\"] }\n")];
    let answers =
        eval(&files, &["local.l[0]", "upper(var.s)", "var.s == \"x\"", "false ? var.s : \"p\"", "nonsensitive(var.s)"]);
    let sensitive: Vec<bool> = answers.iter().map(|answer| answer.get("sensitive") == Some(&json!(true))).collect();
    assert_eq!(sensitive, [true, true, true, true, false]);
}
