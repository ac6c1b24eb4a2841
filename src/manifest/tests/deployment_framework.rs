//! AWS Deployment Framework.

use super::super::{Tool, recognise};
use super::{load, shown};
use crate::files::Memory;

const ACCOUNTS: &str = "accounts:
  - {account_full_name: shop, organizational_unit_path: /banking/dev, email: s@example.com}
  - {account_full_name: lone, organizational_unit_path: /}
";

fn files(config: &str) -> Vec<(&'static str, &str)> {
    vec![
        ("adf/adfconfig.yml", config),
        ("adf/adf-accounts/a.yml", ACCOUNTS),
        ("adf/adf-bootstrap/scp.json", "{}"),
        ("adf/adf-bootstrap/example-scp.json", "{}"),
        ("adf/adf-bootstrap/deployment/scp.json", "{}"),
        ("adf/adf-bootstrap/banking/dev/shop/scp.json", "{}"),
    ]
}

#[test]
fn folders_are_paths() {
    let text = shown(&files("config: {scp: {keep-default-scp: enabled}}"), "adf/adfconfig.yml");
    let policy = |name: &str, target: &str| {
        let file = if name == "/" { "scp.json".into() } else { format!("{name}/scp.json") };
        format!(
            "policy/adf-bootstrap/{file} Policy Name={name} Strategy=deny-list TargetIds=[{target}] \
             Type=SERVICE_CONTROL_POLICY\n"
        )
    };
    assert_eq!(
        text,
        format!(
            "data organization Organization FeatureSet=ALL\n\
             account/banking/dev/shop Account AccountName=shop Email=s@example.com ParentIds=[@ou/banking/dev.Ref]\n\
             account/lone Account AccountName=lone ParentIds=[@organization.RootId]\n\
             {}{}{}\
             data ou/banking/dev OrganizationalUnit Name=dev ParentId=@ou/banking.Ref\n\
             data ou/banking OrganizationalUnit Name=banking ParentId=@organization.RootId\n\
             data ou/deployment OrganizationalUnit Name=deployment ParentId=@organization.RootId\n",
            policy("banking/dev/shop", "@account/banking/dev/shop.Ref"),
            policy("deployment", "@ou/deployment.Ref"),
            policy("/", "@organization.RootId"),
        )
    );
}

#[test]
fn the_setting_says_what_becomes_of_full_access() {
    for (config, expected) in [
        ("config: {scp: {keep-default-scp: enabled}}", Some("deny-list")),
        ("config: {scp: {keep-default-scp: disabled}}", Some("allow-list")),
        ("config: {scp: {}}", Some("allow-list")),
        ("config: {}", None),
    ] {
        let text = shown(&files(config), "adf/adfconfig.yml");
        let found = text.split("Strategy=").nth(1).and_then(|rest| rest.split(' ').next());
        assert_eq!(found, expected, "{config}");
    }
}

#[test]
fn one_file_stands_for_all() {
    let tools = |files: &[(&'static str, &str)]| {
        let memory: Memory = files.iter().copied().collect();
        let paths = files
            .iter()
            .filter(|(path, text)| recognise(&memory, (*path).into(), text) == Some(Tool::DeploymentFramework));
        paths.map(|(path, _)| *path).collect::<Vec<_>>()
    };
    let all = files("");
    assert_eq!(tools(&all), ["adf/adfconfig.yml"]);
    assert_eq!(tools(&all[1..]), ["adf/adf-bootstrap/banking/dev/shop/scp.json"]);
    assert_eq!(tools(&[("x/scp.json", "{}")]), [""; 0]);
    let text = shown(&all[1..], "adf/adf-bootstrap/banking/dev/shop/scp.json");
    assert!(text.contains("TargetIds=[@organization.RootId]") && !text.contains("Strategy"), "{text}");
    // Before version 2 there was no folder of that name.
    let old = [("adfconfig.yml", "config: {}"), ("banking/scp.json", "{}")];
    assert!(shown(&old, "adfconfig.yml").contains("TargetIds=[@ou/banking.Ref]"));
    // Without policies it says nothing of the organization.
    assert!(load(&[("adfconfig.yml", "config: {}")], "adfconfig.yml").manifest.is_none());
}
