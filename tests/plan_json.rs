//! Plans and states as `terraform show -json` writes them. Those in `testdata/plan` are real: Terraform 1.11 with a provider
//! that has the AWS provider's schemas.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice)]

use std::collections::BTreeMap;

use rootlint::files::Memory;
use rootlint::report::value::{sensitive, to_json};
use rootlint::scan::{self, Options, Outcome};
use serde_json::{Value, json};

const PLAN: &str = include_str!("../testdata/plan/org/plan.json");
const STATE: &str = include_str!("../testdata/plan/state.json");
const CODE: [(&str, &str); 2] = [
    ("org/main.tf", include_str!("../testdata/plan/org/main.tf")),
    ("org/modules/scp/main.tf", include_str!("../testdata/plan/org/modules/scp/main.tf")),
];

fn options(paths: &[&str], plans: &[&str]) -> Options {
    Options {
        paths: paths.iter().map(|path| (*path).into()).collect(),
        plans: plans.iter().map(|path| (*path).into()).collect(),
        ..Options::default()
    }
}

fn memory(files: &[(&str, &str)]) -> Memory {
    files.iter().copied().collect()
}

/// The attributes of each resource, by address; the errors are in the outcome.
fn resources(files: &Memory, options: &Options) -> (BTreeMap<String, Value>, Outcome) {
    let (rows, outcome) = scan::resources(files, options);
    (rows.into_iter().map(|row| (row.address.to_string(), to_json(&row.attributes))).collect(), outcome)
}

fn errors(outcome: &Outcome) -> Vec<(&str, &str)> {
    outcome.findings.errors.iter().map(|error| (error.code, error.message.as_str())).collect()
}

fn notes<'o>(outcome: &'o Outcome, code: &str) -> Vec<&'o str> {
    let notes = outcome.findings.notes.iter().filter(|note| note.code == code);
    notes.map(|note| note.message.as_str()).collect()
}

/// Each finding: its check, address, and the text that it points at, with the file.
fn findings(files: &[(&str, &str)], outcome: &Outcome) -> Vec<(String, String, String)> {
    let shown = |finding: &rootlint::finding::Finding| {
        let path = outcome.sources.path(finding.primary.file);
        let text = files.iter().find(|(name, _)| *name == path.as_str()).unwrap().1;
        let range = finding.primary.start as usize..finding.primary.end as usize;
        (finding.check.to_string(), finding.resource.to_string(), format!("{path}: {}", &text[range]))
    };
    outcome.findings.findings.iter().map(shown).collect()
}

fn is_unknown(value: &Value) -> bool {
    value.get("$unknown").is_some() || value.get("$text").is_some()
}

fn unknowns(value: &Value) -> usize {
    match value {
        value if is_unknown(value) => 1,
        Value::Array(elements) => elements.iter().map(unknowns).sum(),
        Value::Object(fields) => fields.values().map(unknowns).sum(),
        _ => 0,
    }
}

/// Whether both are equal wherever both are known; JSON in strings is compared as JSON.
fn agree(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (a, b) if is_unknown(a) || is_unknown(b) => true,
        (Value::String(a), Value::String(b)) if a != b => {
            let parse = |text: &str| serde_json::from_str::<Value>(text).ok();
            parse(a).is_some_and(|a| Some(a) == parse(b))
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| agree(a, b)),
        (Value::Object(a), Value::Object(b)) => a.iter().all(|(key, a)| b.get(key).is_none_or(|b| agree(a, b))),
        (a, b) => a == b,
    }
}

#[test]
fn a_plan_alone_is_what_the_code_says_and_beside_it_makes_it_known() {
    let alone = memory(&[("plan.json", PLAN)]);
    let (alone, outcome) = resources(&alone, &options(&["plan.json"], &[]));
    assert_eq!(errors(&outcome), []);
    let code = memory(&CODE);
    let (code, _) = resources(&code, &options(&["org"], &[]));
    let both = memory(&[&CODE[..], &[("plan.json", PLAN)]].concat());
    let (both, outcome) = resources(&both, &options(&["org"], &["plan.json"]));
    assert_eq!(errors(&outcome), []);
    assert!(code.keys().eq(alone.keys()) && both.keys().eq(alone.keys()), "{:?}", alone.keys());
    for (address, planned) in &alone {
        for rows in [&code, &both] {
            let other = &rows[address];
            assert!(agree(other, planned), "{address}: {other} {planned}");
        }
    }
    let count = |rows: &BTreeMap<String, Value>| rows.values().map(unknowns).sum::<usize>();
    // What only the plan knows: who is logged in, the variables, the ids of what is there already.
    assert!(count(&both) + 8 < count(&code), "{} {}", count(&both), count(&code));
    assert_eq!(both["data.aws_caller_identity.me"]["account_id"], "210987654321");
    assert_eq!(both["aws_iam_user.ci"]["id"], "stub-id");
    assert_eq!(both["aws_secretsmanager_secret_version.key"]["secret_string"], "hunter2-ci");
    let symbol = |rows: &BTreeMap<String, Value>, address: &str, attribute: &str| {
        rows[address][attribute]["symbol"].as_str().unwrap_or_default().to_owned()
    };
    for (address, attribute, meant) in [
        ("aws_iam_policy.late", "arn", "aws_iam_policy.late.arn"),
        (
            "module.guard[\"a\"].aws_organizations_policy_attachment.this",
            "policy_id",
            "module.guard[\"a\"].aws_organizations_policy.this.id",
        ),
        // Through the input of a module whose instances are those of another resource.
        (
            "module.guard[\"b\"].aws_organizations_policy_attachment.this",
            "target_id",
            "aws_organizations_organizational_unit.team[\"b\"].id",
        ),
        (
            "module.root_guard.aws_organizations_policy_attachment.this",
            "target_id",
            "aws_organizations_organization.org.roots[0].id",
        ),
    ] {
        assert_eq!(symbol(&alone, address, attribute), meant);
        assert_eq!(symbol(&code, address, attribute), meant);
    }
    // The policy exists already: its id is no symbol any more.
    let attachment = "module.root_guard.aws_organizations_policy_attachment.this";
    assert_eq!(alone[attachment]["policy_id"], "stub-id");
    // A document that Terraform makes only when it applies is made of its arguments in the plan.
    let late = alone["aws_iam_policy.late"]["policy"]["$text"].as_array().unwrap();
    assert!(late[0].as_str().unwrap().contains("\"Effect\": \"Allow\""), "{late:?}");
    assert_eq!(late[1]["symbol"], "aws_iam_user.late.arn");
}

#[test]
fn what_goes_is_not_there_and_what_is_replaced_is() {
    let change = |name: &str, actions: Value, after: Value| {
        json!({"address": format!("aws_iam_user.{name}"), "mode": "managed", "type": "aws_iam_user", "name": name,
               "change": {"actions": actions, "before": {"name": "old"}, "after": after, "after_unknown": {"arn": true}}})
    };
    let new = || json!({"name": "new"});
    let mut deposed = change("deposed", json!(["delete"]), Value::Null);
    deposed["deposed"] = json!("12345678");
    let plan = json!({"format_version": "0.2", "resource_changes": [
        change("create", json!(["create"]), new()),
        change("nothing", json!(["no-op"]), new()),
        change("update", json!(["update"]), new()),
        change("replace", json!(["delete", "create"]), new()),
        change("replace_first", json!(["create", "delete"]), new()),
        change("forget_and_create", json!(["forget", "create"]), new()),
        change("gone", json!(["delete"]), Value::Null),
        change("forgotten", json!(["forget"]), Value::Null),
        deposed,
        change("deposed", json!(["update"]), new()),
    ],
    "planned_values": {"root_module": {}},
    "prior_state": {"format_version": "1.0", "values": {"root_module": {"resources": [
        {"address": "aws_iam_user.gone", "mode": "managed", "type": "aws_iam_user", "name": "gone", "values": new()},
        {"address": "aws_iam_user.left", "mode": "managed", "type": "aws_iam_user", "name": "left", "values": new()},
        {"address": "data.aws_iam_user.read", "mode": "data", "type": "aws_iam_user", "name": "read",
         "values": {"user_name": "r"}}]}}}});
    let files = memory(&[("plan.json", &plan.to_string())]);
    let (rows, outcome) = resources(&files, &options(&["."], &[]));
    assert_eq!(errors(&outcome), []);
    let names: Vec<&str> = rows.keys().map(String::as_str).collect();
    let there = ["create", "deposed", "forget_and_create", "nothing", "replace", "replace_first", "update"];
    let mut expected: Vec<String> = there.iter().map(|name| format!("aws_iam_user.{name}")).collect();
    expected.push("data.aws_iam_user.read".into());
    assert_eq!(names, expected);
    assert_eq!(rows["aws_iam_user.replace"]["name"], "new");
    assert_eq!(rows["aws_iam_user.update"]["arn"]["symbol"], "aws_iam_user.update.arn");
}

#[test]
fn findings_lie_in_the_code_or_else_in_the_plan() {
    let alone = [("plan.json", PLAN)];
    let outcome = scan::check(&memory(&alone), &options(&["plan.json"], &[]));
    let root = ("root-access-key", "aws_iam_access_key.root".to_owned());
    let found = findings(&alone, &outcome);
    assert!(found.contains(&(root.0.to_owned(), root.1.clone(), "plan.json: \"root\"".into())), "{found:?}");
    // `gone` is deleted, its user forgotten.
    assert!(!found.iter().any(|(_, resource, _)| resource.contains("gone")), "{found:?}");
    // The policies and what they are attached to were joined.
    assert!(outcome.findings.undecided.is_empty(), "{:?}", outcome.findings.undecided);

    let both = [&CODE[..], &[("org/plan.json", PLAN)]].concat();
    let outcome = scan::check(&memory(&both), &options(&["."], &[]));
    let found = findings(&both, &outcome);
    assert_eq!(outcome.summary.projects, 1, "a plan beside code is no project of its own");
    assert!(found.contains(&(root.0.to_owned(), root.1, "org/main.tf: \"root\"".into())), "{found:?}");
    assert!(found.iter().all(|(.., place)| place.starts_with("org/main.tf: ")), "{found:?}");
    assert!(outcome.findings.undecided.is_empty(), "{:?}", outcome.findings.undecided);
    assert_eq!(notes(&outcome, "plan-disagrees"), Vec::<&str>::new());
}

#[test]
fn a_state_alone_has_its_resources() {
    let (rows, outcome) = resources(&memory(&[("s.json", STATE)]), &options(&["."], &[]));
    assert_eq!(errors(&outcome), []);
    assert_eq!(rows["aws_iam_access_key.gone"]["user"], "gone");
    assert!(rows["module.root_guard.data.aws_iam_policy_document.this"]["json"].as_str().unwrap().contains("DenyRoot"));
    let code = [&CODE[..], &[("s.json", STATE)]].concat();
    let outcome = scan::check(&memory(&code), &options(&["org"], &["s.json"]));
    assert_eq!(errors(&outcome), [], "what a state has no value for stays unknown");
}

#[test]
fn sensitive_values_are_marked() {
    let (rows, _) = scan::resources(&memory(&[("plan.json", PLAN)]), &options(&["."], &[]));
    let row = rows.iter().find(|row| &*row.address == "aws_secretsmanager_secret_version.key").unwrap();
    assert_eq!(sensitive(&row.attributes), ["secret_binary", "secret_string"]);
}

#[test]
fn a_note_says_where_plan_and_code_disagree() {
    let changed = CODE[0].1.replace("user = \"root\"", "user = \"toor\"").replace("\"ci\"", "\"cd\"");
    let changed = changed.replace("resource \"aws_iam_user\" \"late\"", "resource \"aws_iam_user\" \"later\"");
    let changed =
        format!("{}\nvariable \"more\" {{\n  default = 1\n}}\n", changed.replace("user.late.", "user.later."));
    let files =
        [("org/main.tf", changed.as_str()), CODE[1], ("plan.json", PLAN), ("v.tfvars", "deploy_user = \"x\"\n")];
    let mut options = options(&["org"], &["plan.json"]);
    options.variables = vec![scan::VariableArgument::File("v.tfvars".into())];
    let outcome = scan::check(&memory(&files), &options);
    let all = notes(&outcome, "plan-disagrees");
    assert_eq!(all.len(), 1, "one note: {all:?}");
    for part in [
        "3 resources are only in the code (`aws_iam_user.cd`, `aws_iam_access_key.cd`, `aws_iam_user.later`)",
        "3 resources are only there (`aws_iam_access_key.ci`, `aws_iam_user.ci`, `aws_iam_user.late`)",
        "1 attribute has another value (`aws_iam_access_key.root.user`)",
        "1 variable has another value (`var.deploy_user`)",
    ] {
        assert!(all[0].contains(part), "{part}: {all:?}");
    }
    // The code counts.
    let found = findings(&files, &outcome);
    assert!(!found.iter().any(|(check, ..)| *check == "root-access-key"), "{found:?}");
}

#[test]
fn of_several_plans_in_a_folder_none_is_that_of_the_code() {
    let files = [&CODE[..], &[("org/a.json", PLAN), ("org/b.json", PLAN)]].concat();
    let outcome = scan::check(&memory(&files), &options(&["."], &[]));
    assert_eq!(outcome.summary.projects, 3);
    assert_eq!(notes(&outcome, "plan-alone").len(), 1);
    assert!(notes(&outcome, "plan-alone")[0].contains("(a.json, b.json)"));
    // Unless one is named.
    let outcome = scan::check(&memory(&files), &options(&["."], &["org/b.json"]));
    assert_eq!(outcome.summary.projects, 2);
    assert_eq!(notes(&outcome, "plan-alone"), Vec::<&str>::new());
}

#[test]
fn a_named_plan_finds_its_root_module() {
    let other = ("other/main.tf", "resource \"aws_iam_user\" \"ci\" {\n  name = \"other\"\n}\n");
    let files = [&CODE[..], &[other, ("out/plan.json", PLAN)]].concat();
    let (rows, outcome) = resources(&memory(&files), &options(&["org", "other"], &["out/plan.json"]));
    assert_eq!(errors(&outcome), []);
    assert_eq!(rows["data.aws_caller_identity.me"]["account_id"], "210987654321");
    // No module in the scan has anything of it.
    let files = [("other/main.tf", "resource \"aws_iam_user\" \"x\" {}\n"), ("third/main.tf", ""), ("p.json", STATE)];
    let outcome = scan::check(&memory(&files), &options(&["other", "third"], &["p.json"]));
    assert_eq!(outcome.summary.projects, 3);
    assert_eq!(notes(&outcome, "plan-alone").len(), 1);
}

#[test]
fn what_is_no_plan_is_said_to_be_none() {
    let said = |text: &str, plans: &[&str]| -> Vec<&'static str> {
        let outcome = scan::check(&memory(&[("x.json", text)]), &options(&["x.json"], plans));
        outcome.findings.errors.iter().map(|error| error.code).collect()
    };
    let future = PLAN.replace("\"format_version\":\"1.2\"", "\"format_version\":\"2.0\"");
    assert_eq!(said(&future, &[]), ["plan-version"]);
    assert_eq!(said(&PLAN[..PLAN.len() / 2], &[]), ["json-syntax"]);
    assert_eq!(said("{\"a\": 1}", &["x.json"]), ["plan-invalid"]);
    assert_eq!(said("{\"a\": 1}", &[]), Vec::<&str>::new());
    assert_eq!(said(&format!("{{\"plan\": {PLAN}}}"), &[]), Vec::<&str>::new());
    let broken = PLAN.replacen("\"resource_changes\":[", "\"resource_changes\":[7,", 1);
    assert_eq!(said(&broken, &[]), ["plan-invalid"]);
}

#[test]
fn the_plan_says_which_instances_there_are_where_the_code_cannot() {
    let code = "data \"aws_iam_users\" \"all\" {}\n\
                resource \"aws_iam_access_key\" \"k\" {\n  for_each = data.aws_iam_users.all.names\n  user = each.key\n}\n\
                resource \"aws_iam_access_key\" \"none\" {\n  for_each = data.aws_iam_users.all.arns\n  user = each.key\n}\n";
    let key = |name: &str| {
        json!({"address": format!("aws_iam_access_key.k[\"{name}\"]"), "mode": "managed", "type": "aws_iam_access_key",
               "name": "k", "index": name, "change": {"actions": ["create"], "after": {"user": name}, "after_unknown": {}}})
    };
    let plan = |complete: bool| {
        json!({"format_version": "1.2", "complete": complete, "resource_changes": [key("a"), key("root")],
               "planned_values": {}})
        .to_string()
    };
    let addresses = |plan: &str| -> Vec<String> {
        let files = memory(&[("main.tf", code), ("p.json", plan)]);
        let (rows, outcome) = resources(&files, &options(&["."], &[]));
        assert_eq!(errors(&outcome), []);
        rows.into_keys().filter(|address| !address.starts_with("data.")).collect()
    };
    let (a, root) = ("aws_iam_access_key.k[\"a\"]", "aws_iam_access_key.k[\"root\"]");
    assert_eq!(addresses(&plan(true)), [a, root]);
    // With `-target` the plan may have left it out.
    assert_eq!(addresses(&plan(false)), [a, root, "aws_iam_access_key.none[*]"]);
}

/// Runs the program in a folder with these files.
fn run(files: &[(&str, &str)], arguments: &[&str], stdin: &str) -> (i32, String) {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let mut command = assert_cmd::Command::cargo_bin("rootlint").unwrap();
    let output =
        command.current_dir(folder.path()).args(arguments).arg("--no-env").write_stdin(stdin).output().unwrap();
    let shown = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(shown).unwrap())
}

#[test]
fn a_plan_may_come_from_standard_input() {
    let (code, shown) = run(&[], &["check", "-"], PLAN);
    assert_eq!(code, 1, "{shown}");
    assert!(shown.contains("--> <standard input>:1:"), "{shown}");
    let (code, shown) = run(&CODE, &["check", "org", "--plan", "-"], PLAN);
    assert_eq!(code, 1, "{shown}");
    assert!(shown.contains("--> org/main.tf:48:10"), "{shown}");
    let (code, shown) = run(&CODE, &["check", "-"], "{}");
    assert_eq!(code, 2, "{shown}");
}

#[test]
fn a_snippet_of_a_plan_does_not_show_what_is_sensitive_beside_it() {
    let user = |name: &str| {
        json!({"address": format!("aws_iam_access_key.{name}"), "mode": "managed", "type": "aws_iam_access_key",
               "name": name, "change": {"actions": ["update"], "before": {"user": "old", "secret": "hunter2"},
               "before_sensitive": {"secret": true}, "after": {"user": "root", "secret": "hunter3"},
               "after_unknown": {}, "after_sensitive": {"secret": true}}})
    };
    let plan = json!({"format_version": "1.2", "variables": {"v": {"value": "hunter1"}},
                      "resource_changes": [user("k")], "planned_values": {"outputs": {"o": {"sensitive": true,
                      "value": "hunter4"}, "p": {"sensitive": false, "value": "shown"}}},
                      "configuration": {"root_module": {"variables": {"v": {"sensitive": true}}}}});
    let (code, shown) = run(&[("plan.json", &plan.to_string())], &["check"], "");
    assert_eq!(code, 1, "{shown}");
    assert!(shown.contains("\"user\":\"root\""), "{shown}");
    assert!(!shown.contains("hunter"), "{shown}");
}

#[test]
fn a_file_that_was_named_as_a_plan_must_be_one() {
    let (code, shown) = run(&[("main.tf", ""), ("p.json", "{}")], &["check", "--plan", "p.json"], "");
    assert_eq!(code, 3, "{shown}");
    assert!(shown.contains("p.json is no plan"), "{shown}");
}

#[test]
fn what_a_module_makes_that_is_not_on_disk_is_in_the_plan() {
    let code = "module \"ci\" {\n  source  = \"example/ci/aws\"\n  version = \"1.0\"\n}\n";
    let key = json!({"address": "module.ci.aws_iam_access_key.k", "module_address": "module.ci", "mode": "managed",
                     "type": "aws_iam_access_key", "name": "k",
                     "change": {"actions": ["create"], "after": {"user": "root"}, "after_unknown": {"id": true}}});
    let gone = json!({"address": "module.old.aws_iam_access_key.k", "module_address": "module.old", "mode": "managed",
                      "type": "aws_iam_access_key", "name": "k",
                      "change": {"actions": ["no-op"], "after": {"user": "root"}, "after_unknown": {}}});
    let plan = json!({"format_version": "1.2", "resource_changes": [key, gone], "planned_values": {}}).to_string();
    let files = [("main.tf", code), ("p.json", plan.as_str())];
    let outcome = scan::check(&memory(&files), &options(&["."], &[]));
    let found = findings(&files, &outcome);
    let root: Vec<_> = found.iter().filter(|(check, ..)| *check == "root-access-key").collect();
    assert_eq!(root.len(), 1, "{found:?}");
    assert_eq!((&*root[0].1, &*root[0].2), ("module.ci.aws_iam_access_key.k", "main.tf: module \"ci\""));
    // The code has no call of that name: the plan is not about it.
    let all = notes(&outcome, "plan-disagrees");
    assert!(
        all.len() == 1 && all[0].contains("1 resource is only there (`module.old.aws_iam_access_key.k`)"),
        "{all:?}"
    );
}
