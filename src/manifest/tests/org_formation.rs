//! org-formation.

use super::super::{Tool, recognise};
use super::{codes, content, load, shown};
use crate::files::Memory;

const ORGANIZATION: &str = "AWSTemplateFormatVersion: '2010-09-09-OC'
Parameters:
  which: {Type: String, Default: !Ref Guard}
Organization:
  Master:
    Type: OC::ORG::MasterAccount
    Properties: {AccountName: Master, AccountId: 111122223333, ServiceControlPolicies: !Ref Guard}
  Top:
    Type: OC::ORG::OrganizationRoot
    Properties: {ServiceControlPolicies: [!Ref which]}
  Outer:
    Type: OC::ORG::OrganizationalUnit
    Properties: {OrganizationalUnitName: outer, OrganizationalUnits: !Ref Inner, Accounts: !Ref Master}
  Inner:
    Type: OC::ORG::OrganizationalUnit
    Properties:
      OrganizationalUnitName: inner
      Accounts: [!Ref A]
      ServiceControlPolicies: [!Ref Guard, p-12345678]
  A:
    Type: OC::ORG::Account
    Properties: {AccountName: a, RootEmail: a@example.com, AccountId: '222233334444'}
  B:
    Type: OC::ORG::Account
    Properties: {AccountName: b, RootEmail: b@example.com, ServiceControlPolicies: !Ref Guard}
  Guard:
    Type: OC::ORG::ServiceControlPolicy
    Properties:
      PolicyName: Guard
      PolicyDocument:
        Statement: !Include statement.yml
  Passwords: {Type: OC::ORG::PasswordPolicy, Properties: {MaxPasswordAge: 30}}
";

const STATEMENT: &str = "Effect: Deny
Action: iam:CreateAccessKey
Resource: [!Ref A, !GetAtt B.AccountName, !Ref B, !Sub '${A}']
";

#[test]
fn units_accounts_and_targets() {
    let files = [("organization.yml", ORGANIZATION), ("statement.yml", STATEMENT)];
    assert_eq!(
        shown(&files, "organization.yml"),
        "Top Organization FeatureSet=ALL ManagementAccountId=111122223333\n\
         Outer OrganizationalUnit Name=outer ParentId=@Top.RootId\n\
         Inner OrganizationalUnit Name=inner ParentId=@Outer.Ref\n\
         A Account AccountId=222233334444 AccountName=a Email=a@example.com ParentIds=[@Inner.Ref]\n\
         B Account AccountName=b Email=b@example.com ParentIds=[@Top.RootId]\n\
         Guard Policy Name=Guard TargetIds=[@Top.ManagementAccountId, @Top.RootId, @Inner.Ref, @B.Ref] \
         Type=SERVICE_CONTROL_POLICY\n\
         Inner.ServiceControlPolicies aws_organizations_policy_attachment policy_id=p-12345678 target_id=@Inner.Ref\n"
    );
    assert_eq!(
        content(&files, "organization.yml", "Guard"),
        "{Statement: {Action: iam:CreateAccessKey, Effect: Deny, Resource: [222233334444, b, @B.Ref, ?${A}]}}"
    );
}

#[test]
fn all_accounts_and_merged_parts() {
    let organization = "Organization:
  <<: !Include accounts.yml
  Top: {Type: OC::ORG::OrganizationRoot, Properties: {}}
  Unit: {Type: OC::ORG::OrganizationalUnit, Properties: {OrganizationalUnitName: u, Accounts: '*'}}
";
    let accounts = "A: {Type: OC::ORG::Account, Properties: {AccountName: a}}
B: {Type: OC::ORG::Account, Properties: {AccountName: b}}
";
    let text = shown(&[("o.yml", organization), ("accounts.yml", accounts)], "o.yml");
    assert!(text.contains("A Account AccountName=a ParentIds=[@Unit.Ref]\n"), "{text}");
    assert!(text.contains("B Account AccountName=b ParentIds=[@Unit.Ref]\n"), "{text}");
    // Without the file neither is known, and neither is what else the unit holds.
    let loaded = load(&[("o.yml", organization)], "o.yml");
    assert_eq!(codes(&loaded), ["manifest-file-missing"]);
}

#[test]
fn what_is_not_in_the_section_is_an_error_and_unknown() {
    let organization = "Organization:
  Top: {Type: OC::ORG::OrganizationRoot, Properties: {ServiceControlPolicies: !Ref Gone}}
  Unit: {Type: OC::ORG::OrganizationalUnit, Properties: {OrganizationalUnitName: u, Accounts: [A, !Ref B]}}
  Other: {Type: OC::ORG::OrganizationalUnit, Properties: {OrganizationalUnitName: o, Accounts: !Ref B}}
  A: {Type: OC::ORG::Account, Properties: {AccountName: a}}
  B: {Type: OC::ORG::Account, Properties: {AccountName: b}}
";
    let loaded = load(&[("o.yml", organization)], "o.yml");
    let messages: Vec<&str> = loaded.findings.errors.iter().map(|error| &*error.message).collect();
    assert_eq!(
        messages,
        [
            "`Accounts` takes references (!Ref) to resources of this section",
            "`B` is in `Unit`, too",
            "there is no resource `Gone` in the organization",
        ]
    );
    let manifest = loaded.manifest.expect("resources");
    let resources = crate::resource::Project::resources(&manifest, &|_| true);
    let get = |address: &str, name: &str| {
        let resource = resources.iter().find(|resource| &*resource.site.address == address).expect(address);
        super::show(&resource.get(name))
    };
    // A is perhaps what the text means.
    assert_eq!(get("A", "ParentIds"), "[?A]");
    assert_eq!(get("B", "ParentIds"), "[@Unit.Ref]");
    assert_eq!(get("Other", "ParentId"), "@Top.RootId");
    assert_eq!(get("Top.ServiceControlPolicies", "policy_id"), "?Gone");
}

#[test]
fn a_template_that_includes_an_organization_is_none_of_its_own() {
    let head = "AWSTemplateFormatVersion: '2010-09-09-OC'\n";
    let whole = format!("{head}Organization:\n  A: {{Type: OC::ORG::Account, Properties: {{AccountName: a}}}}\n");
    let bare = "A: {Type: OC::ORG::Account, Properties: {AccountName: a}}\n";
    let including = format!("{head}Organization: !Include ./organization.yml # ours\nResources: {{}}\n");
    let tools = |organization: &str| {
        let files = [("src/organization.yml", organization), ("src/template.yml", &including)];
        let memory: Memory = files.iter().copied().collect();
        files.map(|(path, text)| recognise(&memory, path.into(), text))
    };
    assert_eq!(tools(&whole), [Some(Tool::OrgFormation), None]);
    // The bare section is one of the template that includes it.
    assert_eq!(tools(bare), [None, Some(Tool::OrgFormation)]);
    let text = shown(
        &[("src/organization.yml", bare), ("src/template.yml", &including.replace("Resources: {}\n", ""))],
        "src/template.yml",
    );
    assert!(text.contains("A Account AccountName=a ParentIds=[@Organization.RootId]"), "{text}");
    let memory = Memory::default();
    assert_eq!(recognise(&memory, "t.yml".into(), &including), None);
    assert_eq!(recognise(&memory, "t.yml".into(), "Resources: {}\n# see Organization: OC::ORG::Account\n"), None);
}

const TOP: &str = "AWSTemplateFormatVersion: '2010-09-09-OC'
Organization:
  Master: {Type: OC::ORG::MasterAccount, Properties: {AccountName: m, AccountId: '111122223333'}}
  Top: {Type: OC::ORG::OrganizationRoot, Properties: {}}
  Outer:
    Type: OC::ORG::OrganizationalUnit
    Properties: {OrganizationalUnitName: o, Accounts: !Ref A, OrganizationalUnits: !Ref Inner}
  Inner: {Type: OC::ORG::OrganizationalUnit, Properties: {OrganizationalUnitName: i, Accounts: [!Ref B]}}
  A: {Type: OC::ORG::Account, Properties: {AccountName: a}}
  B: {Type: OC::ORG::Account, Properties: {AccountName: b}}
  C: {Type: OC::ORG::Account, Properties: {AccountName: c}}
";

const TEMPLATE: &str = "AWSTemplateFormatVersion: '2010-09-09-OC'
Parameters:
  targets: {Type: CommaDelimitedList}
  action: {Type: String, Default: iam:CreateAccessKey}
Resources:
  Scp:
    Type: AWS::Organizations::Policy
    Properties:
      Name: Scp
      Type: SERVICE_CONTROL_POLICY
      TargetIds: TARGETS
      Content: {Statement: {Effect: Deny, Action: !Ref action, Resource: '*'}}
  Bucket: {Type: AWS::S3::Bucket}
";

/// The targets of the one policy that the tasks deploy.
fn targets(written: &str, task: &str) -> String {
    let template = TEMPLATE.replace("TARGETS", written);
    let tasks = "Update: {Type: update-organization, Template: ./organization.yml}
More: {Type: include, Path: scps/_tasks.yml}
";
    let inner = format!("Deny:\n  Type: update-stacks\n  Template: ./scp.yml\n{task}");
    let files = [
        ("src/organization.yml", TOP),
        ("src/_tasks.yml", tasks),
        ("src/scps/_tasks.yml", &*inner),
        ("src/scps/scp.yml", &*template),
    ];
    let text = shown(&files, "src/organization.yml");
    let line = text.lines().find(|line| line.starts_with("Deny.Scp ")).expect("the policy");
    assert!(content(&files, "src/organization.yml", "Deny.Scp").contains("Action: iam:CreateAccessKey"));
    line.split("TargetIds=").nth(1).unwrap().split(" Type=").next().unwrap().to_owned()
}

#[test]
fn tasks_deploy_policies() {
    let bound = |binding: &str| {
        targets(
            "['Fn::EnumTargetAccounts Bound ${account}']",
            &format!("  OrganizationBindings:\n    Bound: {binding}\n"),
        )
    };
    assert_eq!(
        targets("!Ref targets", "  Parameters: {targets: [!Ref Top, !Ref Inner]}\n"),
        "[@Top.RootId, @Inner.Ref]"
    );
    assert_eq!(targets("!Ref targets", ""), "[?targets]");
    assert_eq!(bound("{Account: '*'}"), "[@A.Ref, @B.Ref, @C.Ref]");
    assert_eq!(bound("{Account: '*', ExcludeAccount: !Ref B}"), "[@A.Ref, @C.Ref]");
    assert_eq!(bound("{OrganizationalUnit: !Ref Outer}"), "[@A.Ref, @B.Ref]");
    assert_eq!(bound("{Account: '*', ExcludeOrganizationalUnit: [!Ref Inner]}"), "[@A.Ref, @C.Ref]");
    assert_eq!(bound("{AccountsWithTag: x}"), "[?AccountsWithTag]");
    assert_eq!(bound("!Include none.yml"), "[?none.yml]");
    assert_eq!(targets("['Fn::EnumTargetAccounts Bound ${account}']", ""), "[?Bound]");
    assert_eq!(
        targets("['Fn::EnumTargetAccounts Bound x-${account}']", "  OrganizationBindings: {Bound: {Account: '*'}}\n"),
        "[?Bound]"
    );
}

#[test]
fn tasks_for_another_organization_are_not_followed() {
    let tasks = "Update: {Type: update-organization, Template: ./other.yml}\nDeny: {Type: update-stacks, Template: scp.yml, Parameters: {targets: [!Ref Top]}}\n";
    let template = TEMPLATE.replace("TARGETS", "!Ref targets");
    let read = |tasks: &str| {
        shown(&[("organization.yml", TOP), ("_tasks.yml", tasks), ("scp.yml", &template)], "organization.yml")
    };
    assert!(!read(tasks).contains("Deny.Scp"));
    assert!(read(&tasks.replace("other", "organization")).contains("Deny.Scp"));
    assert!(
        !read(&tasks.replace("other", "organization").replace("scp.yml,", "scp.yml, Skip: true,")).contains("Deny.Scp")
    );
    let without = tasks.split('\n').nth(1).unwrap().to_owned() + "\n";
    assert!(read(&without).contains("Deny.Scp"));
}

#[test]
fn everything_attached_to_everything_ends() {
    let mut organization = String::from("Organization:\n  Top: {Type: OC::ORG::OrganizationRoot}\n");
    for number in 0..600 {
        organization += &format!(
            "  P{number}: {{Type: OC::ORG::ServiceControlPolicy, Properties: {{PolicyName: p}}}}\n  A{number}: {{Type: \
             OC::ORG::Account, Properties: {{AccountName: a, ServiceControlPolicies: '*'}}}}\n"
        );
    }
    let text = shown(&[("organization.yml", &organization)], "organization.yml");
    assert!(text.contains("policy_id=?ServiceControlPolicies"));
    assert!(text.matches("@A").count() <= 300_000 + 10_000);
}
