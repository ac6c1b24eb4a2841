//! Configurations that `terraform plan` refuses, by the library: cycles, arguments of calls, keys of instances.

use rootlint::files::Memory;
use rootlint::scan::{self, Options};

/// What is wrong with the root module made of `files`.
fn refused(files: &[(&str, &str)]) -> Vec<String> {
    let files: Memory = files.iter().copied().collect();
    let (_, outcome) = scan::resources(&files, &Options { paths: vec!["".into()], ..Options::default() });
    outcome.findings.errors.into_iter().map(|error| error.message).collect()
}

#[test]
fn blocks_that_depend_on_each_other_are_an_error() {
    let errors = |text: &str| {
        let module = "variable \"a\" {}\noutput \"a\" {\n  value = var.a\n}\noutput \"b\" {\n  value = 1\n}\n";
        refused(&[("main.tf", text), ("m/main.tf", module)])
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
    let message = errors(&waiting).concat();
    assert!(message.contains("`aws_iam_user.c`") && message.contains("`module.w`"), "{message}");
}

#[test]
fn a_call_sets_the_variables_of_its_module() {
    let module = ("m/main.tf", "variable \"need\" {}\nvariable \"may\" {\n  default = 1\n}\n");
    let errors = |arguments: &str| {
        let text = format!("module \"m\" {{\n  source = \"./m\"\n{arguments}}}\n");
        refused(&[("main.tf", &text), module])
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
        refused(&[("main.tf", &text)]).len()
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
fn what_no_resource_asks_for_may_be_wrong_too() {
    let errors = |text: &str| refused(&[("main.tf", text)]);
    let one = |text: &str, part: &str| {
        let found = errors(text);
        assert!(found.len() == 1 && found.concat().contains(part), "{text}: {found:?}");
    };
    one("output \"o\" {\n  value = var.gone\n}\n", "no variable `gone`");
    one("locals {\n  l = [1][3]\n}\n", "no element 3");
    one("variable \"v\" {\n  type    = number\n  default = \"x\"\n}\n", "`var.v`");
    one("variable \"v\" {\n  type = strin\n}\n", "strin");
    let call = ("main.tf", "module \"m\" {\n  source = \"./m\"\n}\n");
    let found = refused(&[call, ("m/main.tf", "output \"o\" {\n  value = [][0]\n}\n")]);
    assert!(found.len() == 1 && found.concat().contains("no element 0"), "{found:?}");
    let condition = |condition: &str| {
        format!(
            "variable \"n\" {{}}\nlocals {{\n  one = 1\n}}\noutput \"o\" {{\n  value = 1\n  precondition {{\n    \
             condition     = {condition}\n    error_message = \"so it is\"\n  }}\n}}\n"
        )
    };
    one(&condition("local.one > 2"), "a precondition does not hold: so it is");
    assert_eq!(errors(&condition("local.one < 2")), Vec::<String>::new());
    assert_eq!(errors(&condition("var.n < 2")), Vec::<String>::new());
    let of_each = "resource \"aws_iam_user\" \"u\" {\n  for_each = toset([\"a\", \"b\"])\n  name = each.key\n  lifecycle {\n    \
                   precondition {\n      condition     = each.key == \"a\"\n      error_message = \"not ${each.key}\"\n    }\n  }\n}\n";
    one(of_each, "a precondition does not hold: not b");
}

#[test]
fn blocks_that_terraform_does_not_take() {
    let one = |text: &str, part: &str| {
        let found = refused(&[("main.tf", text)]);
        assert!(found.len() == 1 && found.concat().contains(part), "{text}: {found:?}");
    };
    let user = |arguments: &str| format!("resource \"aws_iam_user\" \"u\" {{\n  name = \"u\"\n{arguments}}}\n");
    one(&user("  count = 1\n  for_each = {}\n"), "`count` or `for_each`, not both");
    let hidden = "variable \"s\" {\n  default   = { a = 1 }\n  sensitive = true\n}\n";
    one(&(hidden.to_owned() + &user("  for_each = var.s\n")), "`for_each` is sensitive");
    assert_eq!(
        refused(&[("main.tf", &(hidden.to_owned() + &user("  for_each = nonsensitive(var.s)\n")))]),
        Vec::<String>::new()
    );
    one("resorce \"aws_iam_user\" \"u\" {}\n", "`resorce` is no block type");
    one("provider \"aws\" {}\nprovider \"aws\" {\n  region = \"x\"\n}\n", "declared twice");
    let alias = "provider \"aws\" {}\nprovider \"aws\" {\n  alias = \"x\"\n}\n";
    assert_eq!(refused(&[("main.tf", alias)]), Vec::<String>::new());
}
