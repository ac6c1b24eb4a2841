//! What to write instead, in the language of the project. Tests put every text of this file into a project and have the
//! engine decide it before a user ever reads it.

use crate::resource::{Language, Site};

use super::guards::ROOT_ARN;

/// The request to enable what CloudFormation has no resource for.
pub const ENABLE_COMMAND: &str = "aws iam enable-organizations-root-credentials-management";

/// A policy that denies root its keys, and its attachment to the root of the organization.
pub fn guard(language: Language, organization: Option<&Site>) -> String {
    match language {
        Language::CloudFormation => cloudformation(organization),
        Language::Terraform => terraform(organization),
        Language::Manifest | Language::Workflow => format!(
            "a service control policy with this statement, and the root of the organization among its targets:\n{}",
            statement(language)
        ),
    }
}

/// The statement of [`guard`] alone, on one line.
pub fn statement(language: Language) -> String {
    match language {
        Language::CloudFormation => format!(
            "{{ Effect: Deny, Action: \"iam:CreateAccessKey\", Resource: \"*\", \
             Condition: {{ ArnLike: {{ \"aws:PrincipalArn\": \"{ROOT_ARN}\" }} }} }}"
        ),
        // The policies of manifests are files of their own.
        Language::Manifest | Language::Workflow => format!(
            "{{ \"Effect\": \"Deny\", \"Action\": \"iam:CreateAccessKey\", \"Resource\": \"*\", \
             \"Condition\": {{ \"ArnLike\": {{ \"aws:PrincipalArn\": \"{ROOT_ARN}\" }} }} }}"
        ),
        Language::Terraform => format!(
            "{{ Effect = \"Deny\", Action = \"iam:CreateAccessKey\", Resource = \"*\", \
             Condition = {{ ArnLike = {{ \"aws:PrincipalArn\" = \"{ROOT_ARN}\" }} }} }}"
        ),
    }
}

/// The condition that leaves sessions of `sts:AssumeRoot` alone.
pub fn without_sessions(language: Language) -> &'static str {
    match language {
        Language::CloudFormation => "Null: { \"aws:AssumedRoot\": \"true\" }",
        Language::Manifest | Language::Workflow => "\"Null\": { \"aws:AssumedRoot\": \"true\" }",
        Language::Terraform => "Null = { \"aws:AssumedRoot\" = \"true\" }",
    }
}

/// How a project says the target of a policy: the root of the organization.
pub fn root_of(language: Language, organization: Option<&Site>) -> String {
    let known = organization.filter(|site| site.language == language && !site.address.starts_with("module."));
    match (language, known) {
        (Language::CloudFormation, Some(site)) => format!("!GetAtt {}.RootId", site.address),
        (Language::Terraform, Some(site)) if site.kind.starts_with("awscc_") => format!("{}.root_id", site.address),
        (Language::Terraform, Some(site)) => format!("{}.roots[0].id", site.address),
        (Language::Manifest | Language::Workflow, _) => "the root".into(),
        (_, None) => "\"r-...\"".into(),
    }
}

fn terraform(organization: Option<&Site>) -> String {
    format!(
        r#"resource "aws_organizations_policy" "deny_root_access_keys" {{
  name = "deny-root-access-keys"
  type = "SERVICE_CONTROL_POLICY"
  content = jsonencode({{
    Version = "2012-10-17"
    Statement = [{{
      Effect = "Deny"
      Action = "iam:CreateAccessKey"
      Resource = "*"
      Condition = {{ ArnLike = {{ "aws:PrincipalArn" = "{ROOT_ARN}" }} }}
    }}]
  }})
}}

resource "aws_organizations_policy_attachment" "deny_root_access_keys" {{
  policy_id = aws_organizations_policy.deny_root_access_keys.id
  target_id = {}
}}"#,
        root_of(Language::Terraform, organization),
    )
}

fn cloudformation(organization: Option<&Site>) -> String {
    format!(
        r#"DenyRootAccessKeys:
  Type: AWS::Organizations::Policy
  Properties:
    Name: deny-root-access-keys
    Type: SERVICE_CONTROL_POLICY
    TargetIds: [{}]
    Content:
      Version: "2012-10-17"
      Statement:
        - Effect: Deny
          Action: iam:CreateAccessKey
          Resource: "*"
          Condition:
            ArnLike:
              aws:PrincipalArn: {ROOT_ARN}"#,
        root_of(Language::CloudFormation, organization),
    )
}

/// What enables centralized root access in Terraform.
pub fn centralized_access() -> &'static str {
    r#"enable it (with "iam.amazonaws.com" in aws_service_access_principals of the organization), then delete root's credentials in each account; new accounts come without

resource "aws_iam_organizations_features" "root" {
  enabled_features = ["RootCredentialsManagement", "RootSessions"]
}"#
}
