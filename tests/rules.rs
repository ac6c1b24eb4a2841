//! Users' own rules, through the real binary: where findings point, what is unknown, what is refused.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::path::Path;
use std::process::Output;

use assert_cmd::Command;
use serde_json::Value;

use common::folder;

mod common;

/// The same user three times.
const TERRAFORM: &str = "resource \"aws_iam_user\" \"ci\" {\n  name = \"ci\"\n  path = \"/bots/\"\n}\n";
const YAML: &str =
    "Resources:\n  Ci:\n    Type: AWS::IAM::User\n    Properties:\n      UserName: ci\n      Path: /bots/\n";
const JSON: &str = "{\n  \"Resources\": {\n    \"Ci\": {\n      \"Type\": \"AWS::IAM::User\",\n      \"Properties\": {\n        \"UserName\": \"ci\",\n        \"Path\": \"/bots/\"\n      }\n    }\n  }\n}\n";

/// Guard looks for `path` under `Path`, too.
const PATHS: &str = "# Users lie under /people/.\n# severity: high\n#\n# Bots take roles.\nrule user_paths {\n  \
    Resources.*[ Type in ['aws_iam_user', 'AWS::IAM::User'] ] {\n    \
    Properties.path == '/people/' <<\n      Violation: no place for bots\n      Fix: make it a role\n    >>\n  }\n}\n";

fn rootlint(working: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::cargo_bin("rootlint").unwrap();
    command.current_dir(working).args(arguments).env_remove("CLICOLOR_FORCE").output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn json(output: &Output) -> Value {
    assert_eq!(text(&output.stderr), "");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The report on a folder with these files, by these rules.
fn report(files: &[(&str, &str)], rules: &str) -> Value {
    let mut files = files.to_vec();
    files.push(("policy/own.guard", rules));
    let folder = folder(&files);
    json(&rootlint(folder.path(), &["check", ".", "--rules", "policy/*.guard", "--format", "json"]))
}

/// `check confidence path:line:column-column` of each finding of an own rule.
fn found(report: &Value) -> Vec<String> {
    let own = report["findings"].as_array().unwrap().iter();
    let own = own.filter(|finding| finding["check"].as_str().unwrap().starts_with("guard/"));
    own.map(|finding| {
        let (place, start) = (&finding["location"], &finding["location"]["start"]);
        format!(
            "{} {} {}:{}:{}-{}",
            finding["check"].as_str().unwrap(),
            finding["confidence"].as_str().unwrap(),
            place["path"].as_str().unwrap(),
            start["line"],
            start["column"],
            place["end"]["column"],
        )
    })
    .collect()
}

#[test]
fn one_rule_gives_one_finding_at_the_very_value_in_every_language() {
    let report = report(&[("tf/main.tf", TERRAFORM), ("a.yaml", YAML), ("b.json", JSON)], PATHS);
    assert_eq!(
        found(&report),
        [
            "guard/user_paths certain a.yaml:6:13-19",
            "guard/user_paths certain b.json:7:17-25",
            "guard/user_paths certain tf/main.tf:3:10-18",
        ]
    );
    for finding in report["findings"].as_array().unwrap() {
        assert_eq!(finding["message"], "no place for bots.");
        assert_eq!(finding["help"], "make it a role");
        assert_eq!(finding["severity"], "high");
    }
    assert_eq!(report["findings"][2]["resource"], "aws_iam_user.ci");
}

#[test]
fn what_is_missing_is_found_at_the_block_or_at_what_it_is_missing_in() {
    let main = "resource \"aws_iam_user\" \"a\" {\n  name = \"a\"\n}\nresource \"aws_iam_user\" \"b\" {\n  name = \"b\"\n  tags = {\n    Team = \"x\"\n  }\n}\n";
    let rules =
        "let users = Resources.*[ Type == 'aws_iam_user' ]\nrule owners { %users.Properties.tags.Owner exists }";
    assert_eq!(
        found(&report(&[("main.tf", main)], rules)),
        ["guard/owners certain main.tf:1:1-28", "guard/owners certain main.tf:6:10-4"]
    );
}

#[test]
fn a_value_that_came_through_a_module_is_found_where_it_is_passed() {
    let files = [
        ("main.tf", "module \"m\" {\n  source = \"./m\"\n  place = \"/bots/\"\n}\n"),
        (
            "m/main.tf",
            "variable \"place\" {}\nresource \"aws_iam_user\" \"u\" {\n  name = \"u\"\n  path = var.place\n}\n",
        ),
    ];
    let report = report(&files, PATHS);
    assert_eq!(found(&report), ["guard/user_paths certain main.tf:3:11-19"]);
    assert_eq!(report["findings"][0]["related"][0]["location"]["path"], "m/main.tf");
}

#[test]
fn what_fails_only_because_of_the_unknown_is_possible_and_names_it() {
    let main = "variable \"p\" {}\nvariable \"t\" {}\nresource \"aws_iam_user\" \"u\" {\n  name = \"u\"\n  path = var.p\n  tags = var.t\n}\n\
        resource \"aws_iam_user\" \"v\" {\n  count = var.p == \"x\" ? 1 : 0\n  name = \"v\"\n  path = \"/\"\n}\n";
    let rules = "let users = Resources.*[ Type == 'aws_iam_user' ]\n\
        rule equal { %users.Properties.path == '/people/' }\n\
        rule other { %users.Properties.path != '/bots/' }\n\
        rule inside { %users[ Properties.name == 'u' ].Properties.tags.Owner exists }\n\
        rule certain { %users[ Properties.name == 'u' ].Properties.name == 'w' }\n\
        rule either { %users[ Properties.name == 'u' ] { Properties.path == '/x/' or Properties.name == 'w' } }\n\
        rule written { %users[ Properties.name == 'u' ].Properties.path.'$unknown' not exists }\n\
        rule planned { resource_changes[ name == 'u' ].change.after.path == '/people/' }\n\
        rule planned_unknown { resource_changes[ name == 'u' ].change.after_unknown.path == true }";
    let report = report(&[("main.tf", main)], rules);
    assert_eq!(
        found(&report),
        [
            "guard/certain certain main.tf:4:10-13",
            "guard/either possible main.tf:5:10-15",
            "guard/equal possible main.tf:5:10-15",
            "guard/other possible main.tf:5:10-15",
            "guard/planned possible main.tf:5:10-15",
            "guard/written possible main.tf:5:10-15",
            "guard/inside possible main.tf:6:10-15",
            "guard/equal possible main.tf:11:10-13",
        ]
        .map(str::to_owned)
    );
    let equal = &report["findings"][2];
    assert!(equal["message"].as_str().unwrap().contains("`var.p`"), "{equal}");
}

#[test]
fn what_may_be_null_does_not_do_where_something_must_be_set() {
    let main = "variable \"p\" {}\nresource \"aws_iam_user\" \"u\" {\n  name = \"u\"\n  path = var.p\n}\n\
        resource \"aws_iam_user\" \"w\" {\n  name = \"w\"\n  path = \"/${var.p}/\"\n}\n";
    let template = "Parameters:\n  P:\n    Type: String\nConditions:\n  C: !Equals [!Ref P, x]\nResources:\n  U:\n    Type: AWS::IAM::User\n    Properties:\n      Path: !Ref P\n\
        \u{20} V:\n    Type: AWS::IAM::User\n    Properties:\n      Path: !If [C, /x/, !Ref AWS::NoValue]\n";
    let rules = "rule set { Resources.*[ Type in ['aws_iam_user', 'AWS::IAM::User'] ].Properties.path exists }";
    let report = report(&[("tf/main.tf", main), ("a.yaml", template)], rules);
    assert_eq!(found(&report), ["guard/set possible a.yaml:14:13-44", "guard/set possible tf/main.tf:4:10-15"]);
}

#[test]
fn a_filter_that_rests_on_the_unknown_leaves_a_question_open() {
    let main = "variable \"t\" {}\nresource \"aws_iam_user\" \"u\" {\n  name = var.t\n}\nresource \"aws_iam_role\" \"r\" {\n  name = var.t\n}\n";
    // The role is none of the rule's business, whatever its name is.
    let rules = "rule bots { Resources.*[ Type == 'aws_iam_user'\n Properties.name == /^bot/ ].Properties.path == '/bots/' }\n\
        rule conditional { Resources.'aws_iam_user.u' { when Properties.name == 'x' { Properties.path exists } } }";
    let report = report(&[("main.tf", main)], rules);
    assert!(found(&report).is_empty());
    let open = report["undecided"].as_array().unwrap();
    let own: Vec<(&str, &str)> = open
        .iter()
        .map(|open| (open["check"].as_str().unwrap(), open["message"].as_str().unwrap()))
        .filter(|(check, _)| check.starts_with("guard/"))
        .collect();
    assert_eq!(own.len(), 2, "{own:?}");
    assert!(own.iter().all(|(_, message)| message.contains("`aws_iam_user.u`") && message.contains("`var.t`")));
}

#[test]
fn rules_of_the_configuration_can_be_waived_chosen_and_explained() {
    let user = "resource \"aws_iam_user\" \"ci\" {\n  name = \"ci\"\n  # rootlint: ignore[guard/user_paths] reason=\"moves next week\"\n  path = \"/bots/\"\n}\n";
    let files = [
        ("main.tf", user),
        ("other/main.tf", TERRAFORM),
        ("policy/a.guard", PATHS),
        ("rootlint.toml", "[rules]\npaths = [\"policy/*.guard\"]\n"),
    ];
    let folder = folder(&files);
    let output = rootlint(folder.path(), &["check", ".", "--format", "json"]);
    assert_eq!(output.status.code(), Some(1));
    let all = json(&output);
    assert_eq!(all["findings"].as_array().unwrap().len(), 2);
    assert_eq!(all["findings"][0]["waived"]["reason"], "moves next week");
    assert_eq!(found(&all)[1], "guard/user_paths certain other/main.tf:3:10-18");

    let skipped = rootlint(folder.path(), &["check", ".", "--skip", "guard/user_paths", "--format", "json"]);
    assert_eq!(skipped.status.code(), Some(0));
    let wrong = rootlint(folder.path(), &["check", ".", "--only", "guard/user_path"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(text(&wrong.stderr).contains("did you mean `guard/user_paths`?"), "{}", text(&wrong.stderr));

    let sarif = json(&rootlint(folder.path(), &["check", ".", "--format", "sarif"]));
    let rules = sarif["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    let rule = rules.iter().find(|rule| rule["id"] == "guard/user_paths").unwrap();
    assert_eq!(rule["shortDescription"]["text"], "Users lie under /people/.");
    assert_eq!(rule["defaultConfiguration"]["level"], "error");

    let explained = rootlint(folder.path(), &["explain", "guard/user_paths"]);
    assert_eq!(explained.status.code(), Some(0));
    for part in ["guard/user_paths", "high", "Users lie under /people/.", "Bots take roles.", "policy/a.guard:5"] {
        assert!(text(&explained.stdout).contains(part), "{part}: {}", text(&explained.stdout));
    }
    // A built-in page needs no rules, also where those are wrong.
    std::fs::write(folder.path().join("policy/a.guard"), "rule").unwrap();
    assert_eq!(rootlint(folder.path(), &["explain", "root-access-key"]).status.code(), Some(0));
}

#[test]
fn fingerprints_stay_when_lines_move() {
    let print = |text: &str| report(&[("main.tf", text)], PATHS)["findings"][0]["fingerprint"].clone();
    let moved = format!("# a line\n\n{}", TERRAFORM.replace("  path", "  force_destroy = true\n  path"));
    assert_eq!(print(TERRAFORM), print(&moved));
    assert_ne!(print(TERRAFORM), print(&TERRAFORM.replace("\"ci\" {", "\"cd\" {")));
}

#[test]
fn wrong_rules_are_refused_where_they_are_wrong() {
    for (rules, place) in [
        ("rule a { x == }", "policy/own.guard:1:"),
        ("let x = %x\nrule a { %x exists }", "policy/own.guard:1:5: this refers to itself: %x -> %x"),
        ("\n\nrule a {\n  %gone exists\n}", "policy/own.guard:4:3: nothing here is named `%gone`"),
    ] {
        let folder = folder(&[("main.tf", TERRAFORM), ("policy/own.guard", rules)]);
        let output = rootlint(folder.path(), &["check", ".", "--rules", "policy/own.guard"]);
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), ""));
        assert!(text(&output.stderr).contains(place), "{}", text(&output.stderr));
    }
    // Neither is a glob that means nothing a wish that is granted.
    let folder = folder(&[
        ("main.tf", TERRAFORM),
        ("rootlint.toml", "[rules]\npaths = [\"policy/*.guard\"]\n"),
        ("empty.toml", ""),
    ]);
    let output = rootlint(folder.path(), &["check", "."]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("rootlint.toml:2:10: no file is named like `policy/*.guard`"));
    let output = rootlint(folder.path(), &["check", ".", "--config", "empty.toml", "--rules", "nowhere/*.guard"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("--rules nowhere/*.guard: no file is named like this"));
}

#[test]
fn nothing_aborts_the_program() {
    let deep = format!("rule a {{ x == {}", "[".repeat(200_000));
    let chain: String = (1..90_000).map(|n| format!("let v{n} = %v{}\n", n - 1)).collect();
    for rules in [
        deep,
        format!("let v0 = Resources\n{chain}"),
        "rule a {\n b\n}\nrule b {\n a\n}".to_owned(),
        "rule r(x) { r(%x) }\nrule a { r(1) }".to_owned(),
    ] {
        let folder = folder(&[("main.tf", TERRAFORM), ("own.guard", &rules)]);
        let output = rootlint(folder.path(), &["check", ".", "--rules", "own.guard"]);
        assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    }
    // A rule that the engine fails on is an error; the others are evaluated.
    let rules = "rule odd { Resources.*.Properties.name[0][ x == 1 ] exists }\nrule wrong { Resources.*.Properties.force_destroy < 'x'\n count(Resources.*) empty }\nrule paths { Resources.*.Properties.path == '/' }";
    let report = report(&[("main.tf", TERRAFORM)], &rules.replace("\n count(Resources.*) empty", ""));
    assert!(found(&report).contains(&"guard/paths certain main.tf:3:10-18".to_owned()));
}

#[test]
fn rules_may_lie_outside_and_a_change_does_not_bring_its_own() {
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("a.guard"), PATHS).unwrap();
    let folder = folder(&[("main.tf", TERRAFORM)]);
    let glob = format!("{}/*.guard", outside.path().display());
    let report = json(&rootlint(folder.path(), &["check", ".", "--rules", &glob, "--format", "json"]));
    assert_eq!(found(&report), ["guard/user_paths certain main.tf:3:10-18"]);
    assert_eq!(report["errors"], Value::Array(Vec::new()));
}

#[test]
fn a_project_without_resources_is_none_of_the_rules_business() {
    let report = report(&[("main.tf", "output \"x\" {\n  value = 1\n}\n")], PATHS);
    assert!(found(&report).is_empty());
}

#[test]
fn the_rules_are_those_of_the_commit_that_judges() {
    let folder = folder(&[
        ("main.tf", TERRAFORM),
        ("policy/a.guard", PATHS),
        ("rootlint.toml", "[rules]\npaths = [\"policy/*.guard\"]\n"),
        ("empty.toml", ""),
    ]);
    std::fs::remove_dir(folder.path().join(".git")).unwrap();
    let git = |arguments: &[&str]| {
        let identity = ["-c", "user.name=n", "-c", "user.email=e@example.com", "-c", "commit.gpgsign=false"];
        let output = std::process::Command::new("git")
            .args(identity)
            .args(arguments)
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
    };
    git(&["init", "--quiet", "."]);
    git(&["add", "--all"]);
    git(&["commit", "--quiet", "--message", "m"]);
    // The change takes the rule out, and its own is not even asked for.
    std::fs::write(folder.path().join("policy/a.guard"), "rule nothing { Resources exists }").unwrap();
    std::fs::write(folder.path().join("rootlint.toml"), "").unwrap();
    let expected = ["guard/user_paths certain main.tf:3:10-18"];
    let base = ["check", ".", "--waivers-from", "HEAD", "--format", "json"];
    assert_eq!(found(&json(&rootlint(folder.path(), &base))), expected);
    let named = [&base[..], &["--config", "empty.toml", "--rules", "policy/*.guard"]].concat();
    assert_eq!(found(&json(&rootlint(folder.path(), &named))), expected);
    assert!(found(&json(&rootlint(folder.path(), &["check", ".", "--format", "json"]))).is_empty());
}

#[test]
fn plan_rules_are_not_evaluated_over_templates() {
    let rules = "rule planned { resource_changes[*].change.after.path == '/people/'\n planned_values.root_module.resources[ type == 'aws_iam_user' ].values.path == '/people/' }";
    let report = report(&[("tf/main.tf", TERRAFORM), ("a.yaml", YAML)], rules);
    assert_eq!(found(&report), ["guard/planned certain tf/main.tf:3:10-18"]);
}

#[test]
fn the_document_is_what_rules_see() {
    let main = "variable \"p\" {}\nmodule \"m\" {\n  source = \"./m\"\n}\n";
    let module = "resource \"aws_iam_user\" \"u\" {\n  for_each = toset([\"a.b\"])\n  name = each.key\n  path = var.p\n}\nvariable \"p\" {\n  default = \"/x/\"\n}\n";
    let folder = folder(&[("main.tf", main), ("m/main.tf", module)]);
    let document = json(&rootlint(folder.path(), &["resources", ".", "--format", "guard"]));
    let address = "module.m.aws_iam_user.u[\"a.b\"]";
    let resource = &document["Resources"][address];
    assert_eq!(resource["Type"], "aws_iam_user");
    assert_eq!(resource["Properties"]["path"], "/x/");
    assert!(
        resource["Properties"].get("permissions_boundary").is_none() && resource["Properties"].get("arn").is_none()
    );
    let change = &document["resource_changes"][0];
    assert_eq!((&change["address"], &change["module_address"]), (&address.into(), &"module.m".into()));
    assert_eq!((&change["name"], &change["index"]), (&"u".into(), &"a.b".into()));
    assert_eq!(change["change"]["after"]["permissions_boundary"], Value::Null);
    assert_eq!(change["change"]["after_unknown"]["arn"], true);
    let planned = &document["planned_values"]["root_module"]["child_modules"][0];
    assert_eq!(planned["address"], "module.m");
    assert_eq!(planned["resources"][0]["values"]["name"], "a.b");
}

#[test]
fn metadata_and_nested_stacks_are_in_the_document() {
    let parent = "Resources:\n  Child:\n    Type: AWS::CloudFormation::Stack\n    Properties:\n      TemplateURL: child.yaml\n  U:\n    Type: AWS::IAM::User\n    Metadata:\n      guard:\n        SuppressedRules: [x]\n    Properties:\n      UserName: !GetAtt Child.Outputs.X\n      Path: !Sub /${P}/\nParameters:\n  P:\n    Type: String\n    Default: people\n";
    let folder = folder(&[("parent.yaml", parent), ("child.yaml", YAML)]);
    let document = json(&rootlint(folder.path(), &["resources", "parent.yaml", "--format", "guard"]));
    let resources = &document["Resources"];
    assert_eq!(resources["Child.Ci"]["Properties"]["UserName"], "ci");
    assert_eq!(resources["U"]["Metadata"]["guard"]["SuppressedRules"][0], "x");
    assert_eq!(resources["U"]["Properties"]["Path"], "/people/");
    assert!(resources["U"]["Properties"]["UserName"]["$unknown"].is_string(), "{resources}");
}

#[test]
fn secrets_are_not_quoted() {
    let main = "resource \"aws_iam_user\" \"u\" {\n  name = sensitive(\"hunter2-hunter2\")\n}\n";
    let rules = "rule named { Resources.*.Properties.name == 'x' }";
    let files = [("main.tf", main), ("own.guard", rules)];
    let folder = folder(&files);
    for format in ["human", "json", "sarif", "markdown"] {
        let output = rootlint(folder.path(), &["check", ".", "--rules", "own.guard", "--format", format]);
        assert_eq!(output.status.code(), Some(1));
        assert!(!text(&output.stdout).contains("hunter2"), "{}", text(&output.stdout));
    }
}

#[test]
fn the_examples_hold_their_tests() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = rootlint(root, &["test-rules", "examples/rules", "--format", "json"]);
    let report = json(&output);
    assert_eq!(output.status.code(), Some(0), "{report:#}");
    assert_eq!(report["summary"], serde_json::json!({"tests": 16, "failed": 0}));
    assert_eq!(report["untested"], Value::Array(Vec::new()));
    let mut statuses: Vec<&str> =
        report["results"].as_array().unwrap().iter().map(|result| result["actual"].as_str().unwrap()).collect();
    statuses.sort_unstable();
    statuses.dedup();
    assert_eq!(statuses, ["FAIL", "PASS", "SKIP"]);
}

#[test]
fn tests_of_rules_fail_when_an_expectation_does() {
    let tests = "- name: wrong\n  input:\n    Resources:\n      A: { Type: A }\n  expectations:\n    rules:\n      user_paths: FAIL\n      gone: PASS\n";
    let folder =
        folder(&[("p/a.guard", PATHS), ("p/tests/a_tests.yml", tests), ("p/ab.guard", "rule ab { x exists }")]);
    let output = rootlint(folder.path(), &["test-rules", "p"]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stdout);
    assert!(said.contains("p/tests/a_tests.yml:7: `user_paths` is SKIP, expected FAIL"), "{said}");
    assert!(said.contains("p/tests/a_tests.yml:8: `gone` could not be evaluated: there is no such rule"), "{said}");
    assert!(said.contains("p/ab.guard: no tests"), "{said}");

    let data = rootlint(folder.path(), &["test-rules", "p/a.guard", "--test-data", "p/tests/a_tests.yml"]);
    assert_eq!(data.status.code(), Some(1));
    let nothing = rootlint(folder.path(), &["test-rules", "p/ab.guard"]);
    assert_eq!(nothing.status.code(), Some(3));
    std::fs::write(folder.path().join("p/tests/a_tests.yml"), "- name: x\n  input: {}\n").unwrap();
    let malformed = rootlint(folder.path(), &["test-rules", "p"]);
    assert_eq!(malformed.status.code(), Some(2));
    assert!(text(&malformed.stderr).contains("tests/a_tests.yml:1:3: the test has no `expectations: rules:`"));
}
