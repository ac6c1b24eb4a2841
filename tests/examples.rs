//! The examples do what they say: each is run as a user would run it.

#![cfg(unix)]
#![allow(clippy::unwrap_used)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;

/// Plays `terraform`: a plan was recorded before, and applying leaves a trace.
const TERRAFORM: &str = r#"#!/bin/sh
case $1 in
    init) ;;
    plan) touch tfplan ;;
    show) cat "$(dirname "$0")/recorded.json" ;;
    apply) touch applied ;;
    *) exit 64 ;;
esac
"#;

/// The plan of one access key for `user`, which only the plan knows.
fn recorded(user: &str) -> String {
    format!(
        r#"{{
  "format_version": "1.2", "terraform_version": "1.11.4",
  "variables": {{"user": {{"value": "{user}"}}}},
  "planned_values": {{"root_module": {{"resources": [
    {{"address": "aws_iam_access_key.k", "mode": "managed", "type": "aws_iam_access_key", "name": "k",
      "provider_name": "registry.terraform.io/hashicorp/aws", "schema_version": 0,
      "values": {{"user": "{user}", "status": "Active"}}, "sensitive_values": {{}}}}
  ]}}}},
  "resource_changes": [
    {{"address": "aws_iam_access_key.k", "mode": "managed", "type": "aws_iam_access_key", "name": "k",
      "provider_name": "registry.terraform.io/hashicorp/aws",
      "change": {{"actions": ["create"], "before": null, "after": {{"user": "{user}", "status": "Active"}}}}}}
  ],
  "configuration": {{"root_module": {{}}}}
}}"#
    )
}

fn deploy(folder: &Path, user: &str) -> Output {
    let tools = folder.join("tools");
    fs::create_dir_all(&tools).unwrap();
    let terraform = tools.join("terraform");
    fs::write(&terraform, TERRAFORM).unwrap();
    fs::set_permissions(&terraform, fs::Permissions::from_mode(0o755)).unwrap();
    let module = folder.join("module");
    fs::create_dir_all(&module).unwrap();
    let code = "variable \"user\" {}\n\nresource \"aws_iam_access_key\" \"k\" {\n  user = var.user\n}\n";
    fs::write(module.join("main.tf"), code).unwrap();
    fs::write(tools.join("recorded.json"), recorded(user)).unwrap();
    fs::write(module.join("rootlint.toml"), "[rotation]\nelsewhere = \"the vault\"\n").unwrap();

    let program = Path::new(env!("CARGO_BIN_EXE_rootlint")).parent().unwrap();
    let path = format!("{}:{}:{}", tools.display(), program.display(), std::env::var("PATH").unwrap());
    std::process::Command::new("bash")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/before-apply/deploy.sh"))
        .arg("module")
        .current_dir(folder)
        .env("PATH", path)
        .output()
        .unwrap()
}

#[test]
fn nothing_is_applied_that_has_findings() {
    let folder = tempfile::tempdir().unwrap();
    let output = deploy(folder.path(), "root");
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("critical[root-access-key]") && text.contains("main.tf:4:10"), "{text}");
    assert!(!folder.path().join("module/applied").exists());
}

#[test]
fn what_is_fine_is_applied() {
    let folder = tempfile::tempdir().unwrap();
    let output = deploy(folder.path(), "ci");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(folder.path().join("module/applied").exists());
}
