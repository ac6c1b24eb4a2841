//! What the projects of a scan read from each other: outputs in a state, parameters that are stored.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::BTreeMap;

use rootlint::files::Memory;
use rootlint::scan::{self, Options};

/// The names of the users that a scan makes, by project and address, or why they are not known; then the errors.
fn users_with(files: &[(&str, &str)], options: Options) -> (BTreeMap<String, String>, Vec<String>) {
    let files: Memory = files.iter().copied().collect();
    let (rows, outcome) = scan::resources(&files, &Options { paths: vec!["".into()], ..options });
    let shown = rows.iter().filter(|row| &*row.kind == "aws_iam_user").map(|row| {
        let name = row.attributes.fields().and_then(|fields| fields.get("name")).unwrap();
        let text = match (name.as_str(), name.as_unknown()) {
            (Some(text), _) => text.into_owned(),
            (None, Some(unknown)) => format!("? {}", unknown.reason),
            (None, None) => "null".into(),
        };
        (format!("{} {}", row.project, row.address.trim_start_matches("aws_iam_user.")), text)
    });
    (shown.collect(), outcome.findings.errors.into_iter().map(|error| error.message).collect())
}

fn users(files: &[(&str, &str)]) -> BTreeMap<String, String> {
    let (users, errors) = users_with(files, Options::default());
    assert!(errors.is_empty(), "{errors:?}");
    users
}

/// The one user of project `app`, whose name is output `user` of the state that `config` says, where `net` keeps its own
/// in `backend`.
fn read(backend: &str, config: &str) -> String {
    read_in(backend, config, None)
}

fn read_in(backend: &str, config: &str, workspace: Option<&str>) -> String {
    let net = format!("terraform {{\n{backend}\n}}\noutput \"user\" {{ value = \"ci\" }}\n");
    let app = format!(
        "data \"terraform_remote_state\" \"net\" {{\n{config}\n}}\n\
         resource \"aws_iam_user\" \"u\" {{ name = data.terraform_remote_state.net.outputs.user }}\n"
    );
    let options = Options { workspace: workspace.map(str::to_owned), ..Options::default() };
    let (users, errors) = users_with(&[("net/main.tf", &net), ("app/main.tf", &app)], options);
    assert!(errors.is_empty(), "{errors:?}");
    users["app u"].clone()
}

#[test]
fn a_state_is_found_by_what_its_backend_says() {
    let s3 = "backend \"s3\" {\n  bucket = \"b\"\n  key = \"net.tfstate\"\n  region = \"eu-west-1\"\n}";
    let same = [
        (s3, "backend = \"s3\"\nconfig = { bucket = \"b\", key = \"net.tfstate\" }"),
        (s3, "backend = \"s3\"\nconfig = { bucket = \"b\", key = \"net.tfstate\", region = \"eu-west-1\" }"),
        (s3, "backend = \"s3\"\nworkspace = \"default\"\nconfig = { bucket = \"b\", key = \"net.tfstate\" }"),
        ("", "backend = \"local\"\nconfig = { path = \"../net/terraform.tfstate\" }"),
        ("", "backend = \"local\"\nconfig = { path = \"${path.module}/../net/terraform.tfstate\" }"),
        (
            "backend \"local\" { path = \"s/x.tfstate\" }",
            "backend = \"local\"\nconfig = { path = \"../net/s/x.tfstate\" }",
        ),
        (
            "backend \"gcs\" {\nbucket = \"b\"\nprefix = \"n\"\n}",
            "backend = \"gcs\"\nconfig = { bucket = \"b\", prefix = \"n\" }",
        ),
        (
            "backend \"azurerm\" {\nstorage_account_name = \"a\"\ncontainer_name = \"c\"\nkey = \"k\"\n}",
            "backend = \"azurerm\"\nconfig = { storage_account_name = \"a\", container_name = \"c\", key = \"k\" }",
        ),
        ("backend \"http\" { address = \"https://x\" }", "backend = \"http\"\nconfig = { address = \"https://x\" }"),
        (
            "cloud {\norganization = \"o\"\nworkspaces { name = \"net\" }\n}",
            "backend = \"remote\"\nconfig = { organization = \"o\", workspaces = { name = \"net\" } }",
        ),
    ];
    for (backend, config) in same {
        assert_eq!(read(backend, config), "ci", "{config}");
    }
    let others = [
        (s3, "backend = \"s3\"\nconfig = { bucket = \"b\", key = \"other\" }"),
        (s3, "backend = \"s3\"\nconfig = { bucket = \"c\", key = \"net.tfstate\" }"),
        (s3, "backend = \"s3\"\nconfig = { bucket = \"b\", key = \"net.tfstate\", region = \"eu-west-2\" }"),
        (s3, "backend = \"s3\"\nconfig = { bucket = \"b\", key = \"net.tfstate\", endpoint = \"https://minio\" }"),
        (s3, "backend = \"s3\"\nworkspace = \"prod\"\nconfig = { bucket = \"b\", key = \"net.tfstate\" }"),
        (s3, "backend = \"gcs\"\nconfig = { bucket = \"b\", prefix = \"net.tfstate\" }"),
        ("", "backend = \"local\"\nconfig = { path = \"../nets/terraform.tfstate\" }"),
        ("backend \"gcs\" { bucket = \"b\" }", "backend = \"gcs\"\nconfig = { bucket = \"b\", prefix = \"n\" }"),
        (
            "cloud {\norganization = \"o\"\nworkspaces { name = \"net\" }\n}",
            "backend = \"remote\"\nconfig = { organization = \"o\", hostname = \"tfe.x\", workspaces = { name = \"net\" } }",
        ),
    ];
    for (backend, config) in others {
        let answer = read(backend, config);
        assert!(answer.starts_with("? ") && answer.contains("no project of the scan"), "{config}: {answer}");
    }
}

#[test]
fn what_a_backend_leaves_open_is_not_guessed() {
    let config = "backend = \"s3\"\nconfig = { bucket = \"b\", key = \"k\" }";
    let answer = read("backend \"s3\" { key = \"k\" }", config);
    assert!(answer.contains("it may be that of net, where `bucket` is not said"), "{answer}");
    let variable = "backend = \"s3\"\nconfig = { bucket = \"b\", key = var.key }\n}\nvariable \"key\" {";
    let answer = read("backend \"s3\" {\nbucket = \"b\"\nkey = \"k\"\n}", variable);
    assert!(answer.contains("`var.key` has no value"), "{answer}");
    let answer = read("backend \"pg\" {}", "backend = \"pg\"\nconfig = {}");
    assert!(answer.contains("backend pg"), "{answer}");
}

#[test]
fn a_workspace_has_a_state_of_its_own() {
    let s3 = "backend \"s3\" {\nbucket = \"b\"\nkey = \"k\"\n}";
    let config = |workspace: &str| {
        format!("backend = \"s3\"\nworkspace = {workspace}\nconfig = {{ bucket = \"b\", key = \"k\" }}")
    };
    assert_eq!(read_in(s3, &config("terraform.workspace"), Some("prod")), "ci");
    assert_eq!(read_in(s3, &config("\"prod\""), Some("prod")), "ci");
    assert!(read_in(s3, &config("\"default\""), Some("prod")).starts_with('?'));
    // The object itself.
    let object = "backend = \"s3\"\nconfig = { bucket = \"b\", key = \"env:/prod/k\" }";
    assert_eq!(read_in(s3, object, Some("prod")), "ci");
    let prefix = "backend \"s3\" {\nbucket = \"b\"\nkey = \"k\"\nworkspace_key_prefix = \"w\"\n}";
    assert_eq!(read_in(prefix, &object.replace("env:", "w"), Some("prod")), "ci");
    let local = "backend = \"local\"\nconfig = { path = \"../net/terraform.tfstate.d/prod/terraform.tfstate\" }";
    assert_eq!(read_in("", local, Some("prod")), "ci");
    let remote = "backend \"remote\" {\norganization = \"o\"\nworkspaces { prefix = \"net-\" }\n}";
    let named = "backend = \"remote\"\nconfig = { organization = \"o\", workspaces = { name = \"net-prod\" } }";
    assert_eq!(read_in(remote, named, Some("prod")), "ci");
    assert!(read_in(remote, named, None).contains("it may be that of net"));
}

const STATE: &str = "data \"terraform_remote_state\" \"n\" {\nbackend = \"local\"\n\
                     config = { path = \"../net/terraform.tfstate\" }\n";

#[test]
fn two_projects_with_one_state_are_none() {
    let backend = "terraform {\nbackend \"local\" { path = \"../x.tfstate\" }\n}\noutput \"a\" { value = 1 }\n";
    let app = "data \"terraform_remote_state\" \"n\" {\nbackend = \"local\"\nconfig = { path = \"../x.tfstate\" }\n}\n\
               resource \"aws_iam_user\" \"u\" { name = data.terraform_remote_state.n.outputs.a }\n";
    let found = users(&[("a/main.tf", backend), ("b/main.tf", backend), ("app/main.tf", app)]);
    assert!(found["app u"].ends_with("that several projects keep: a, b"), "{found:?}");
}

#[test]
fn outputs_are_those_of_the_code_and_defaults_fill_what_it_lacks() {
    let net = "resource \"aws_iam_user\" \"x\" { name = \"x\" }\noutput \"a\" { value = \"code\" }\n\
               output \"b\" { value = null }\noutput \"c\" { value = aws_iam_user.x.unique_id }\n";
    let app = [
        STATE,
        "defaults = { a = \"default\", b = \"default\", d = \"default\" }\n}\n",
        "locals { all = data.terraform_remote_state.n.outputs }\n",
        "resource \"aws_iam_user\" \"a\" { name = data.terraform_remote_state.n.outputs.a }\n",
        "resource \"aws_iam_user\" \"b\" { name = data.terraform_remote_state.n.outputs[\"b\"] }\n",
        "resource \"aws_iam_user\" \"c\" { name = local.all.c }\n",
        "resource \"aws_iam_user\" \"d\" { name = local.all[\"d\"] }\n",
        "resource \"aws_iam_user\" \"e\" { name = data.terraform_remote_state.n.outputs.e }\n",
        "resource \"aws_iam_user\" \"f\" { name = join(\" \", keys(local.all)) }\n",
    ]
    .concat();
    let found = users(&[("net/main.tf", net), ("app/main.tf", &app)]);
    assert_eq!(found["app a"], "code");
    assert_eq!(found["app b"], "default");
    assert_eq!(found["app c"], "? `aws_iam_user.x.unique_id` is only known once net is applied");
    assert_eq!(found["app d"], "default");
    assert!(found["app e"].ends_with("is not in the state of net, which declares no such output"), "{found:?}");
    assert_eq!(found["app f"], "a b c d");
}

#[test]
fn a_data_source_may_have_several_instances() {
    let net = |name: &str| format!("output \"user\" {{ value = \"{name}\" }}\n");
    let app = "data \"terraform_remote_state\" \"n\" {\nfor_each = toset([\"a\", \"b\"])\nbackend = \"local\"\n\
               config = { path = \"../${each.key}/terraform.tfstate\" }\n}\n\
               resource \"aws_iam_user\" \"u\" {\nfor_each = data.terraform_remote_state.n\n\
               name = each.value.outputs.user\n}\n\
               resource \"aws_iam_user\" \"v\" { name = data.terraform_remote_state.n[\"b\"].outputs.user }\n";
    let found = users(&[("a/main.tf", &net("one")), ("b/main.tf", &net("two")), ("app/main.tf", app)]);
    let expected = [("app u[\"a\"]", "one"), ("app u[\"b\"]", "two"), ("app v", "two")];
    assert_eq!(found, expected.map(|(name, user)| (name.to_owned(), user.to_owned())).into());
}

fn state_of(project: &str) -> String {
    format!(
        "data \"terraform_remote_state\" \"{project}\" {{\nbackend = \"local\"\n\
         config = {{ path = \"../{project}/terraform.tfstate\" }}\n}}\n"
    )
}

#[test]
fn projects_may_read_each_other_as_long_as_no_value_rests_on_itself() {
    let a = state_of("b")
        + "locals { l = \"${data.terraform_remote_state.b.outputs.y}!\" }\noutput \"x\" { value = local.l }\n\
           output \"z\" { value = local.l }\noutput \"plain\" { value = \"plain\" }\n\
           resource \"aws_iam_user\" \"u\" { name = data.terraform_remote_state.b.outputs.back }\n";
    let b = state_of("a")
        + "output \"y\" { value = data.terraform_remote_state.a.outputs.x }\n\
           output \"back\" { value = data.terraform_remote_state.a.outputs.plain }\n\
           resource \"aws_iam_user\" \"y\" { name = data.terraform_remote_state.a.outputs.x }\n\
           resource \"aws_iam_user\" \"z\" { name = data.terraform_remote_state.a.outputs.z }\n";
    let found = users(&[("a/main.tf", &a), ("b/main.tf", &b)]);
    assert_eq!(found["a u"], "plain");
    assert_eq!(found["b y"], "? `output.x of a` rests on itself, by way of what projects read from each other");
    // It is on no circle itself, only rests on one.
    assert_eq!(found["b z"], "? `output.y of b` rests on itself, by way of what projects read from each other");
}

#[test]
fn a_long_chain_of_projects_is_bounded() {
    let count = 400;
    let mut files: Vec<(String, String)> = vec![("p0/main.tf".into(), "output \"o\" { value = \"end\" }\n".into())];
    for at in 1..count {
        let below = format!("p{}", at - 1);
        let output = format!("output \"o\" {{ value = data.terraform_remote_state.{below}.outputs.o }}\n");
        let user =
            format!("resource \"aws_iam_user\" \"u\" {{ name = data.terraform_remote_state.{below}.outputs.o }}\n");
        files.push((format!("p{at}/main.tf"), state_of(&below) + &output + &user));
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let found = users(&files);
    assert_eq!(found.len(), count - 1);
    assert!(found.values().all(|name| name == "end"), "{found:?}");
}

#[test]
fn a_parameter_is_found_by_its_name() {
    let stored = |provider: &str, value: &str| {
        format!(
            "{provider}\nresource \"aws_ssm_parameter\" \"p\" {{\nname = \"/org/user\"\ntype = \"String\"\n\
             value = \"{value}\"\n}}\n"
        )
    };
    let app = |provider: &str| {
        format!(
            "{provider}\ndata \"aws_ssm_parameter\" \"p\" {{ name = \"/org/user\" }}\n\
             resource \"aws_iam_user\" \"u\" {{ name = data.aws_ssm_parameter.p.value }}\n"
        )
    };
    let (stored_one, reader) = (stored("", "one"), app(""));
    assert_eq!(users(&[("a/main.tf", &stored_one), ("app/main.tf", &reader)])["app u"], "one");
    // In the same project.
    assert_eq!(users(&[("app/a.tf", &stored_one), ("app/b.tf", &reader)])["app u"], "one");
    // Two of the name, unless the Region tells them apart.
    let found = users(&[("a/main.tf", &stored_one), ("b/main.tf", &stored("", "two")), ("app/main.tf", &reader)]);
    assert!(found["app u"].ends_with("which is declared more than once: a, b"), "{found:?}");
    let region = |name: &str| format!("provider \"aws\" {{ region = \"{name}\" }}");
    let files = [
        ("a/main.tf", stored(&region("eu-west-1"), "one")),
        ("b/main.tf", stored(&region("us-east-1"), "two")),
        ("app/main.tf", app(&region("us-east-1"))),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    assert_eq!(users(&files)["app u"], "two");
    let found = users(&[("app/main.tf", &reader)]);
    assert!(found["app u"].ends_with("reads the parameter /org/user, which the scan does not declare"), "{found:?}");
}

#[test]
fn an_error_in_an_output_that_is_read_is_told_once() {
    let net = "output \"o\" { value = 1 / 0 }\n";
    let app =
        state_of("net") + "resource \"aws_iam_user\" \"u\" { name = data.terraform_remote_state.net.outputs.o }\n";
    let (found, errors) =
        users_with(&[("net/main.tf", net), ("app/main.tf", &app), ("b/main.tf", &app)], Options::default());
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(found["app u"].contains("has an error"), "{found:?}");
}

#[test]
fn what_init_noted_down_is_no_project_of_its_own() {
    let manifest = r#"{"Modules":[{"Key":"m","Source":"registry/x/aws","Dir":"../vendor/x"}]}"#;
    let found = users(&[
        ("app/.terraform/modules/modules.json", manifest),
        ("app/main.tf", "module \"m\" { source = \"registry/x/aws\" }\n"),
        ("vendor/x/main.tf", "resource \"aws_iam_user\" \"u\" { name = \"x\" }\n"),
    ]);
    assert_eq!(found.keys().collect::<Vec<_>>(), ["app module.m.aws_iam_user.u"]);
}
