//! Customizations for AWS Control Tower, and what only looks like a manifest.

use super::super::recognise;
use super::{codes, load, shown};
use crate::files::Memory;

const NEW: &str = "---
region: us-east-1
version: 2021-03-15
resources:
  - name: guard
    resource_file: policies/guard.json
    deploy_method: scp
    deployment_targets:
      organizational_units: [Root, 'Workloads:Prod', <OU_NAME>, Security]
  - name: perimeter
    resource_file: s3://bucket/perimeter.json
    deploy_method: rcp
    deployment_targets: {organizational_units: [Security]}
  - name: stack
    resource_file: templates/stack.template
    deploy_method: stack_set
    deployment_targets: {accounts: ['111122223333']}
";

const UNITS: &str = "data ou/Workloads/Prod OrganizationalUnit Name=Prod ParentId=@ou/Workloads.Ref
data ou/Workloads OrganizationalUnit Name=Workloads ParentId=@organization.RootId
data ou/Security OrganizationalUnit Name=Security ParentId=@organization.RootId
";

#[test]
fn both_versions_of_a_control_tower_manifest() {
    let files = [("ct/manifest.yaml", NEW), ("ct/policies/guard.json", "{}")];
    assert_eq!(
        shown(&files, "ct/manifest.yaml"),
        format!(
            "data organization Organization FeatureSet=ALL\n\
             policy/guard Policy Name=guard TargetIds=[@organization.RootId, @ou/Workloads/Prod.Ref, \"${{OU_NAME}}\", \
             @ou/Security.Ref] Type=SERVICE_CONTROL_POLICY\n\
             policy/perimeter Policy Name=perimeter TargetIds=[@ou/Security.Ref] Type=RESOURCE_CONTROL_POLICY\n{UNITS}"
        )
    );
    assert_eq!(codes(&load(&files, "ct/manifest.yaml")), ["manifest-file-missing"]);
    let old = "region: us-east-1
version: 2020-01-01
organization_policies:
  - name: guard
    policy_file: guard.json
    apply_to_accounts_in_ou: ['Workloads:Prod', Security]
";
    let text = shown(&[("manifest.yaml", old), ("guard.json", "{}")], "manifest.yaml");
    assert!(
        text.contains("policy/guard Policy Name=guard TargetIds=[@ou/Workloads/Prod.Ref, @ou/Security.Ref]"),
        "{text}"
    );
    assert!(text.ends_with(UNITS), "{text}");
}

#[test]
fn what_deploys_no_policy_says_nothing_of_the_organization() {
    let stacks = NEW.split("  - name: guard").next().unwrap().to_owned()
        + "  - name: stack"
        + NEW.split("  - name: stack").nth(1).unwrap();
    for text in [stacks, NEW.replace("2021-03-15", "2018-06-14"), NEW.replace("version: 2021-03-15\n", "")] {
        let loaded = load(&[("manifest.yaml", &text)], "manifest.yaml");
        assert!(loaded.manifest.is_none() && codes(&loaded).is_empty(), "{text}");
    }
}

#[test]
fn a_manifest_that_does_not_parse_is_a_located_error() {
    let loaded = load(&[("manifest.yaml", "resource_file: a\ndeploy_method: [scp\n")], "manifest.yaml");
    assert!(loaded.manifest.is_none());
    assert_eq!(codes(&loaded), ["yaml-syntax"]);
}

#[test]
fn other_files_with_the_same_names_are_none_of_our_business() {
    let files = Memory::default();
    for (path, text) in [
        ("manifest.yaml", "apiVersion: v1\nkind: ConfigMap\n"),
        ("charts/manifest.yaml", "{{ .Values.deploy_method }}"),
        ("organization-config.yaml", "name: x\n"),
        (
            "template.yaml",
            "AWSTemplateFormatVersion: '2010-09-09-OC'\nOrganization: !Include ./organization.yml\n# OC::ORG::Account\n",
        ),
        ("scp.json", "{}"),
        ("deploy.yaml", "deploy_method: scp\nresource_file: x\n"),
    ] {
        assert_eq!(recognise(&files, path.into(), text), None, "{path}");
    }
}
