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
