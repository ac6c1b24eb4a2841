//! Landing Zone Accelerator on AWS.

use super::{codes, content, load, shown};

const DENY: &str =
    r#"{"Statement": {"Effect": "Deny", "Action": "iam:CreateAccessKey", "Resource": "arn:${PARTITION}:iam::*:root"}}"#;

const ORGANIZATION: &str = "
enable: true
organizationalUnits:
  - name: Security
  - name: Suspended
    ignore: true
  - name: Workloads/Prod
serviceControlPolicies:
  - name: Guard
    policy: scp/guard.json
    type: customerManaged
    deploymentTargets:
      organizationalUnits: [Root, Workloads/Prod, Nowhere]
      accounts: [Shop, Management, Stranger]
resourceControlPolicies:
  - name: Perimeter
    policy: scp/guard.json
    strategy: allow-list
    deploymentTargets: {organizationalUnits: [Security]}
organizationalUnitIds:
  - {name: Root, id: r-ab12, arn: 'arn:aws:organizations::111122223333:root/o-a1b2c3d4e5/r-ab12'}
  - {name: Security, id: ou-ab12-11111111, arn: x}
";

const ACCOUNTS: &str = "
mandatoryAccounts:
  - {name: Management, email: m@example.com, organizationalUnit: Root}
  - {name: Audit, email: Audit@example.com, organizationalUnit: Security}
workloadAccounts:
  - {name: Shop, email: s@example.com}
  - {name: Lost, email: l@example.com, organizationalUnit: Nowhere}
accountIds:
  - {email: audit@example.com, accountId: '111122223333'}
";

#[test]
fn units_accounts_and_targets() {
    let files = [
        ("lz/organization-config.yaml", ORGANIZATION),
        ("lz/accounts-config.yaml", ACCOUNTS),
        ("lz/scp/guard.json", DENY),
    ];
    assert_eq!(
        shown(&files, "lz/organization-config.yaml"),
        "organization Organization FeatureSet=ALL Id=o-a1b2c3d4e5 RootId=r-ab12\n\
         ignored/Suspended aws_organizations_policy_attachment policy_id=?the policies of Suspended \
         target_id=@ou/Suspended.Ref\n\
         account/Audit Account AccountId=111122223333 AccountName=Audit Email=Audit@example.com \
         ParentIds=[@ou/Security.Ref]\n\
         account/Shop Account AccountName=Shop Email=s@example.com ParentIds=[@organization.RootId]\n\
         account/Lost Account AccountName=Lost Email=l@example.com ParentIds=[?Nowhere]\n\
         policy/Guard Policy Name=Guard Strategy=deny-list TargetIds=[@organization.RootId, @ou/Workloads/Prod.Ref, \
         ?Nowhere, @account/Shop.Ref, @organization.ManagementAccountId, ?Stranger] Type=SERVICE_CONTROL_POLICY\n\
         policy/Perimeter Policy Name=Perimeter Strategy=allow-list TargetIds=[@ou/Security.Ref] \
         Type=RESOURCE_CONTROL_POLICY\n\
         ou/Security OrganizationalUnit Id=ou-ab12-11111111 Name=Security ParentId=@organization.RootId\n\
         ou/Suspended OrganizationalUnit Name=Suspended ParentId=@organization.RootId\n\
         ou/Workloads/Prod OrganizationalUnit Name=Prod ParentId=@ou/Workloads.Ref\n\
         data ou/Workloads OrganizationalUnit Name=Workloads ParentId=@organization.RootId\n"
    );
}

#[test]
fn what_is_not_enabled_is_no_organization() {
    let text = ORGANIZATION.replace("enable: true", "enable: false");
    let loaded = load(&[("organization-config.yaml", &text)], "organization-config.yaml");
    assert!(loaded.manifest.is_none() && codes(&loaded).is_empty());
}

#[test]
fn names_in_policies_are_replaced_as_far_as_they_are_known() {
    let config = "
enable: true
organizationalUnits: []
serviceControlPolicies:
  - {name: Guard, policy: guard.json, type: customerManaged, deploymentTargets: {organizationalUnits: [Root]}}
";
    let replacements = "
globalReplacements:
  - {key: One, type: String, value: x}
  - {key: Some, type: StringList, value: [a, b]}
  - {key: Secret, type: SSM, path: /p}
";
    for (global, policy, expected) in [
        ("homeRegion: us-gov-west-1", "${PARTITION} ${HOME_REGION}", "aws-us-gov us-gov-west-1"),
        ("homeRegion: eu-west-1", "${PARTITION} ${aws:PrincipalAccount}", "aws ${aws:PrincipalAccount}"),
        ("homeRegion: cn-north-1", "${PARTITION}", "aws-cn"),
        ("enabledRegions: []", "a${PARTITION}b", "\"a${PARTITION}b\""),
        ("managementAccountAccessRole: R", "${MANAGEMENT_ACCOUNT_ACCESS_ROLE}", "R"),
        ("{}", "${ACCELERATOR_PREFIX}-x", "\"${ACCELERATOR_PREFIX}-x\""),
        ("{}", "${ACCEL_LOOKUP::CUSTOM:One} ${ACCEL_LOOKUP::CUSTOM:Some}", "x [\"a\",\"b\"]"),
        ("{}", "${ACCEL_LOOKUP::CUSTOM:Secret}", "@"),
        ("{}", "<name>", "<name>"),
    ] {
        let files = [
            ("organization-config.yaml", config),
            ("global-config.yaml", global),
            ("replacements-config.yaml", replacements),
            ("guard.json", policy),
        ];
        let found = content(&files, "organization-config.yaml", "policy/Guard");
        let expected = if expected == "@" { "\"${ACCEL_LOOKUP::CUSTOM:Secret}\"" } else { expected };
        assert_eq!(found, expected, "{global} {policy}");
    }
}

#[test]
fn names_in_the_configuration_are_replaced_too() {
    let config = "
enable: true
organizationalUnits:
  - name: Core
  - name: \"{{ Second }}\"
  - name: \"{{ Open }}\"
serviceControlPolicies:
  - name: '{{ Second }}-Guard'
    policy: guard.json
    type: customerManaged
    deploymentTargets:
      organizationalUnits: {{ Units }}
  - name: Other
    policy: guard.json
    type: customerManaged
    deploymentTargets:
      organizationalUnits:
        - {{ Open }}
";
    let replacements = "
globalReplacements:
  - {key: Second, value: Labs}
  - {key: Units, type: StringList, value: [Core, Labs]}
";
    let files =
        [("organization-config.yaml", config), ("replacements-config.yaml", replacements), ("guard.json", "{}")];
    let text = shown(&files, "organization-config.yaml");
    assert!(
        text.contains(
            "policy/Labs-Guard Policy Name=Labs-Guard Strategy=deny-list TargetIds=[@ou/Core.Ref, @ou/Labs.Ref]"
        ),
        "{text}"
    );
    assert!(text.contains("policy/Other Policy Name=Other Strategy=deny-list TargetIds=[?Open]"), "{text}");
}

#[test]
fn a_managed_policy_is_attached_by_its_id() {
    let config = "
enable: true
organizationalUnits: [{name: A}]
serviceControlPolicies:
  - {name: Full, policy: FullAWSAccess, type: awsManaged, deploymentTargets: {organizationalUnits: [Root, A]}}
";
    let text = shown(&[("organization-config.yaml", config)], "organization-config.yaml");
    let attachment = "aws_organizations_policy_attachment policy_id=p-FullAWSAccess target_id";
    assert!(text.contains(&format!("policy/Full[0] {attachment}=@organization.RootId\n")), "{text}");
    assert!(text.contains(&format!("policy/Full[1] {attachment}=@ou/A.Ref\n")), "{text}");
}

#[test]
fn controls_and_root_users_come_from_the_global_configuration() {
    let config = "enable: true\norganizationalUnits: [{name: A}]\nserviceControlPolicies: []\n";
    let global = "
controlTower:
  enable: true
  controls:
    - {identifier: AWS-GR_RESTRICT_ROOT_USER, enable: true, deploymentTargets: {organizationalUnits: [A, B]}}
    - {identifier: AWS-GR_ENCRYPTED_VOLUMES, enable: false, deploymentTargets: {organizationalUnits: [A]}}
centralRootUserManagement:
  enable: true
  capabilities: {rootCredentialsManagement: true, allowRootSessions: false}
";
    let read = |global: &str| {
        shown(&[("organization-config.yaml", config), ("global-config.yaml", global)], "organization-config.yaml")
    };
    let text = read(global);
    let control = "EnabledControl ControlIdentifier=AWS-GR_RESTRICT_ROOT_USER TargetIdentifier";
    assert!(text.contains(&format!("control/AWS-GR_RESTRICT_ROOT_USER[0] {control}=@ou/A.Ref\n")), "{text}");
    assert!(text.contains(&format!("control/AWS-GR_RESTRICT_ROOT_USER[1] {control}=?B\n")), "{text}");
    assert!(!text.contains("ENCRYPTED"), "{text}");
    let features = "centralRootUserManagement aws_iam_organizations_features enabled_features";
    assert!(text.contains(&format!("{features}=[RootCredentialsManagement]\n")), "{text}");

    let off = global.replace("enable: true\n", "enable: false\n");
    let text = read(&off);
    assert!(!text.contains("control/"), "{text}");
    assert!(text.contains(&format!("{features}=[]\n")), "{text}");
    assert!(!read("homeRegion: x").contains(features));
}

#[test]
fn includes_are_read_in_their_place() {
    let config = "
enable: true
organizationalUnits: !include parts/units.yaml
serviceControlPolicies:
  - !include parts/guard.yaml
  - !include parts/none.yaml
";
    let files = [
        ("lz/organization-config.yaml", config),
        ("lz/parts/units.yaml", "- name: A\n"),
        (
            "lz/parts/guard.yaml",
            "{name: Guard, policy: guard.json, type: customerManaged, deploymentTargets: {organizationalUnits: [A]}}",
        ),
        ("lz/guard.json", "{}"),
    ];
    let loaded = load(&files, "lz/organization-config.yaml");
    assert_eq!(codes(&loaded), ["manifest-file-missing"]);
    let text = shown(&files, "lz/organization-config.yaml");
    assert!(text.contains("policy/Guard Policy Name=Guard Strategy=deny-list TargetIds=[@ou/A.Ref]"), "{text}");
    // What is not there may be attached anywhere.
    assert!(text.contains("TargetIds=?parts/none.yaml"), "{text}");
}

#[test]
fn files_that_include_each_other_end() {
    let config = "enable: true\norganizationalUnits: !include a.yaml\nserviceControlPolicies: []\n";
    let files = [("organization-config.yaml", config), ("a.yaml", "[!include a.yaml, !include a.yaml]")];
    let loaded = load(&files, "organization-config.yaml");
    assert_eq!(codes(&loaded), ["manifest-invalid"; 2]);
    // Without a circle they may still double and double.
    let names: Vec<String> = (0..40).map(|number| format!("{number}.yaml")).collect();
    let texts: Vec<String> =
        (1..40).map(|number| format!("[{}]", vec![format!("!include {number}.yaml"); 9].join(", "))).collect();
    let files: Vec<(&str, &str)> =
        names.iter().zip(&texts).map(|(name, text)| (&**name, &**text)).chain([("39.yaml", "[]")]).collect();
    let config = ("organization-config.yaml", "enable: true\norganizationalUnits: !include 0.yaml\n");
    let files: Vec<(&str, &str)> = files.into_iter().chain([config]).collect();
    assert!(!codes(&load(&files, "organization-config.yaml")).is_empty());
}

#[test]
fn policy_files_are_read_below_the_root_only() {
    for (policy, why) in [
        ("../../etc/passwd", "leads outside the scanned folder"),
        ("/etc/passwd", "leads outside the scanned folder"),
        ("s3://bucket/x.json", "lies elsewhere"),
        ("none.json", "no such file or folder"),
    ] {
        let config = format!(
            "enable: true\norganizationalUnits: []\nserviceControlPolicies:\n  - {{name: G, policy: '{policy}', type: \
             customerManaged, deploymentTargets: {{organizationalUnits: [Root]}}}}\n"
        );
        let files = [("organization-config.yaml", &*config)];
        let loaded = load(&files, "organization-config.yaml");
        let [note] = loaded.findings.notes.as_slice() else { panic!("{:?}", loaded.findings) };
        assert!(note.code == "manifest-file-missing" && note.message.contains(why), "{}", note.message);
        assert_eq!(content(&files, "organization-config.yaml", "policy/G"), format!("?{policy}"));
    }
}
