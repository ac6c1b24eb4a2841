//! What is written is what rootlint itself reads, and what the engine takes for a guard.

use super::*;
use crate::config::{Config, KEYS};

/// The configuration with every option in force: a comment that starts right after its `#` is one.
fn uncommented() -> String {
    let line = |line: &str| match line.strip_prefix('#') {
        Some(option) if !option.starts_with(' ') => option.to_owned(),
        _ => line.to_owned(),
    };
    CONFIG.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_configuration_says_nothing_until_it_is_uncommented() {
    let config = Config::parse("rootlint.toml".into(), CONFIG, true).unwrap();
    assert!(config.required.is_none() && config.exclude.is_empty() && config.terraform.is_empty());
    assert!(config.waivers.is_empty() && config.max_age_days.is_none() && config.accept.is_none());
    assert!(config.organization_elsewhere.is_none() && config.rotation_elsewhere.is_none());
}

#[test]
fn every_option_stands_in_the_configuration() {
    let text = uncommented();
    Config::parse("rootlint.toml".into(), &text, true).unwrap();
    let table: toml::Table = toml::from_str(&text).unwrap();
    for (name, keys) in KEYS {
        let inner: toml::Table = match *name {
            "the configuration" => table.clone(),
            "an exemption" => table["organization"]["exempt"][0].as_table().unwrap().clone(),
            name if name.starts_with("[[") => table[name.trim_matches(['[', ']'])][0].as_table().unwrap().clone(),
            name => table[name.trim_matches(['[', ']'])].as_table().unwrap().clone(),
        };
        for key in *keys {
            assert!(inner.contains_key(*key), "{name}: {key}");
        }
        assert_eq!(inner.len(), keys.len(), "{name}");
    }
}

#[test]
fn all_files_carry_the_mark() {
    for text in [CONFIG, WORKFLOW, TERRAFORM, CLOUDFORMATION] {
        assert!(text.starts_with(MARK), "{text}");
    }
}

/// The commit that an action is pinned to.
fn pin(workflow: &str) -> &str {
    workflow.split("actions/checkout@").nth(1).unwrap().split_whitespace().next().unwrap()
}

#[test]
fn the_workflow_is_pinned_as_the_examples_are() {
    let text = workflow("o/r@0123456789abcdef0123456789abcdef01234567", "trunk");
    assert_eq!(pin(&text), pin(include_str!("../../examples/github/pull-request.yml")));
    assert_eq!(pin(&text).len(), 40);
    assert!(text.contains("branches: [trunk]") && text.contains("uses: o/r@0123") && !text.contains("{action}"));
    assert!(workflow(UNKNOWN_ACTION, "main").contains("uses: OWNER/rootlint@COMMIT"));
}

fn options() -> Options {
    Options { paths: vec![Utf8PathBuf::new()], ..Options::default() }
}

#[test]
fn the_policy_is_attached_to_the_root_in_view() {
    let organization = "resource \"aws_organizations_organization\" \"org\" {\n  enabled_policy_types = [\"SERVICE_CONTROL_POLICY\"]\n}\n";
    let files: Memory =
        [("live/main.tf", organization), ("live/x.tf", "resource \"aws_organizations_account\" \"a\" {}\n")]
            .into_iter()
            .collect();
    assert_eq!(languages(&files, &options()), [Language::Terraform]);
    let found = guard(&files, &options(), "".into(), Language::Terraform).unwrap();
    assert_eq!(found.path, "live/deny-root-access-keys.tf");
    assert!(found.text.contains("target_id = aws_organizations_organization.org.roots[0].id"), "{}", found.text);
    // A name that is taken, or an organization whose policies have no effect.
    let taken: Memory =
        [("m.tf", organization), ("p.tf", "resource \"aws_organizations_policy\" \"deny_root_access_keys\" {}\n")]
            .into_iter()
            .collect();
    assert!(guard(&taken, &options(), "".into(), Language::Terraform).unwrap_err().contains("declared twice"));
    let off: Memory = [(
        "m.tf",
        "resource \"aws_organizations_organization\" \"org\" {\n  feature_set = \"CONSOLIDATED_BILLING\"\n}\n",
    )]
    .into_iter()
    .collect();
    assert!(guard(&off, &options(), "".into(), Language::Terraform).unwrap_err().contains("no effect"));
}

#[test]
fn without_an_organization_in_view_it_reads_one() {
    let files: Memory = [("a/main.tf", "")].into_iter().collect();
    let found = guard(&files, &options(), "a".into(), Language::Terraform).unwrap();
    assert_eq!(found.path, "a/deny-root-access-keys.tf");
    assert!(
        found.text.contains("data \"aws_organizations_organization\" \"deny_root_access_keys\" {}"),
        "{}",
        found.text
    );
    let found = guard(&files, &options(), "a".into(), Language::CloudFormation).unwrap();
    assert_eq!(found.path, "a/deny-root-access-keys.yaml");
}
