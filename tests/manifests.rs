//! One organization written in Terraform, in CloudFormation, and for four tools: the same tree, the same verdict.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;

const FORMS: [&str; 6] = [
    "terraform",
    "cloudformation",
    "org-formation",
    "landing-zone-accelerator",
    "control-tower",
    "deployment-framework",
];

fn case(kind: &str, form: &str) -> PathBuf {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("checks/root-key-not-denied/cases");
    cases.join(kind).join(format!("one-organization-{form}"))
}

fn run(command: &str, folder: &Path) -> Value {
    let mut rootlint = Command::cargo_bin("rootlint").unwrap();
    rootlint.args([command, ".", "--root", ".", "--no-env", "--format", "json"]).current_dir(folder);
    if command == "check" {
        rootlint.args(["--only", "root-key-not-denied"]);
    }
    serde_json::from_slice(&rootlint.output().unwrap().stdout).unwrap()
}

/// The resources of an organization: each unit and account by its name, each policy by its name.
struct Tree {
    rows: Vec<Value>,
}

impl Tree {
    fn of(folder: &Path) -> Self {
        let report = run("resources", folder);
        assert_eq!(report["errors"], Value::Array(Vec::new()), "{}", folder.display());
        Self { rows: report["resources"].as_array().unwrap().clone() }
    }

    /// What a row is, whatever its language calls it.
    fn what(row: &Value) -> &'static str {
        let kind = row["type"].as_str().unwrap().to_lowercase().replace("_", "");
        ["organizationalunit", "policyattachment", "policy", "account", "organization"]
            .into_iter()
            .find(|what| kind.ends_with(what))
            .unwrap_or("something else")
    }

    fn attribute<'r>(row: &'r Value, names: &[&str]) -> &'r Value {
        names.iter().map(|name| &row["attributes"][*name]).find(|value| !value.is_null()).unwrap_or(&Value::Null)
    }

    /// The row that an unknown id is the id of.
    fn referred(&self, id: &Value) -> &Value {
        let symbol = id["symbol"].as_str().unwrap_or_else(|| panic!("{id} names nothing"));
        let address = |row: &&Value| row["address"].as_str().unwrap().len();
        let is_of = |row: &&Value| symbol.starts_with(&format!("{}.", row["address"].as_str().unwrap()));
        self.rows.iter().filter(is_of).max_by_key(address).unwrap_or_else(|| panic!("{symbol} is nothing's"))
    }

    /// The path of the root, of a unit or of an account.
    fn path(&self, row: &Value) -> String {
        if Self::what(row) == "organization" {
            return String::new();
        }
        let name = Self::attribute(row, &["name", "Name", "AccountName"]).as_str().unwrap();
        let parent = match Self::attribute(row, &["parent_id", "ParentId", "ParentIds"]) {
            Value::Array(ids) => &ids[0],
            id => id,
        };
        format!("{}/{name}", self.path(self.referred(parent)))
    }

    fn paths(&self, what: &str) -> BTreeSet<String> {
        self.rows.iter().filter(|row| Self::what(row) == what).map(|row| self.path(row)).collect()
    }

    /// The paths of what each policy is attached to. A policy with one statement is called what that statement is.
    fn attachments(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for row in &self.rows {
            let (policy, targets) = match Self::what(row) {
                "policy" => (row, row["attributes"]["TargetIds"].as_array().cloned().unwrap_or_default()),
                "policyattachment" => {
                    (self.referred(&row["attributes"]["policy_id"]), vec![row["attributes"]["target_id"].clone()])
                }
                _ => continue,
            };
            let targets = targets.iter().map(|target| self.path(self.referred(target)));
            all.entry(Self::sid(policy)).or_default().extend(targets);
        }
        all
    }

    fn sid(policy: &Value) -> String {
        let content = Self::attribute(policy, &["content", "Content"]);
        let document = match content {
            Value::String(text) => serde_json::from_str(text).unwrap(),
            other => other.clone(),
        };
        document["Statement"][0]["Sid"].as_str().unwrap().to_owned()
    }
}

fn set(values: &[&str]) -> BTreeSet<String> {
    values.iter().map(|value| (*value).to_owned()).collect()
}

#[test]
fn the_tree_is_the_same_in_every_form() {
    for (kind, guarded) in [("clean", ""), ("flag", "/Workloads")] {
        for form in FORMS {
            let tree = Tree::of(&case(kind, form));
            assert_eq!(
                tree.paths("organizationalunit"),
                set(&["/Security", "/Workloads", "/Workloads/Prod"]),
                "{form}"
            );
            // Customizations for Control Tower name no accounts.
            let accounts: &[&str] =
                if form == "control-tower" { &[] } else { &["/Security/Audit", "/Workloads/Prod/Shop"] };
            assert_eq!(tree.paths("account"), set(accounts), "{form}");
            let attachments = tree.attachments();
            assert_eq!(attachments["DenyRootKeys"], set(&[guarded]), "{kind} {form}");
            assert_eq!(attachments["DenyLeaving"], set(&["/Security", "/Workloads/Prod"]), "{kind} {form}");
        }
    }
}

#[test]
fn the_verdict_is_the_same_in_every_form() {
    for form in FORMS {
        let clean = run("check", &case("clean", form));
        assert_eq!(clean["findings"].as_array().unwrap().len(), 0, "{form}: {clean}");
        assert_eq!(clean["undecided"].as_array().unwrap().len(), 0, "{form}: {clean}");
        assert_eq!(clean["summary"]["complete"], true, "{form}: {clean}");

        let folder = case("flag", form);
        let report = run("check", &folder);
        let [finding] = report["findings"].as_array().unwrap().as_slice() else { panic!("{form}: {report}") };
        assert_eq!(finding["check"], "root-key-not-denied", "{form}");
        assert_eq!(finding["confidence"], "certain", "{form}");
        assert_eq!(report["undecided"].as_array().unwrap().len(), 0, "{form}: {report}");
        // What is not covered: the unit beside the guarded one, and the account in it.
        let tree = Tree::of(&folder);
        let message = finding["message"].as_str().unwrap();
        let named = message.split("organization: ").nth(1).unwrap().split(" not covered").next().unwrap();
        let named = named.trim_end_matches(" is").trim_end_matches(" are");
        let address = |name: &str| tree.rows.iter().find(|row| row["address"] == name).unwrap();
        let uncovered: BTreeSet<String> = named.split(", ").map(|name| tree.path(address(name))).collect();
        let expected: &[&str] =
            if form == "control-tower" { &["/Security"] } else { &["/Security", "/Security/Audit"] };
        assert_eq!(uncovered, set(expected), "{form}");
    }
}

#[test]
fn a_manifest_manages_its_organization_or_joins_the_one_that_terraform_manages() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let manifest = |file: &str| {
        format!(
            "region: us-east-1\nversion: 2021-03-15\nresources:\n- {{name: Guard, resource_file: {file}, deploy_method: \
             scp, deployment_targets: {{organizational_units: [Root]}}}}\n"
        )
    };
    let summary = || {
        let report = run("check", folder.path());
        let confidence = report["findings"][0]["confidence"].as_str().unwrap_or("none").to_owned();
        (confidence, report["undecided"].as_array().unwrap().len(), report["summary"]["complete"].as_bool().unwrap())
    };
    write("manifest.yaml", &manifest("s3://bucket/guard.json"));
    assert_eq!(summary(), ("none".into(), 1, false));

    let statement = r#"{"Statement": {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}}"#;
    write("guard.json", statement);
    write("manifest.yaml", &manifest("guard.json"));
    assert_eq!(summary(), ("certain".into(), 0, true));

    write(
        "main.tf",
        "resource \"aws_organizations_organization\" \"o\" {\n  enabled_policy_types = [\"SERVICE_CONTROL_POLICY\"]\n}\n",
    );
    assert_eq!(summary(), ("possible".into(), 0, true));
    write("guard.json", &statement.replace("s3:*", "iam:CreateAccessKey"));
    assert_eq!(summary(), ("none".into(), 0, true));
}
