//! What to write instead, in the language of the project. Tests put every text of this file into a project and have the
//! engine decide it before a user ever reads it.

use crate::resource::{Language, Site};
use crate::value::{Value, Via};

use super::guards::ROOT_ARN;

/// The request to enable what CloudFormation has no resource for.
pub const ENABLE_COMMAND: &str = "aws iam enable-organizations-root-credentials-management";

/// How a policy is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A value in HCL, which a function encodes.
    Hcl,
    /// The data source `aws_iam_policy_document`.
    Document,
    /// JSON: a heredoc, a file, a template (YAML takes it as it is).
    Json,
}

impl Form {
    /// How the policy of this value is written.
    pub fn of(policy: &Value, language: Language) -> Self {
        let encoded = policy.as_text().is_some_and(|text| text.as_encoded().is_some());
        let documents = |what: &Via| matches!(what, Via::Attribute(of) if of.contains("aws_iam_policy_document."));
        match language {
            Language::Terraform if policy.origin.chain().any(|hop| documents(&hop.what)) => Self::Document,
            Language::Terraform if encoded => Self::Hcl,
            _ => Self::Json,
        }
    }
}

/// A policy that denies root its keys, and its attachment to the root of the organization.
pub fn guard(language: Language, organization: Option<&Site>) -> String {
    match language {
        Language::CloudFormation => cloudformation(organization),
        Language::Terraform => terraform(organization),
        Language::Manifest | Language::Workflow => format!(
            "a service control policy with this statement, and the root of the organization among its targets:\n{}",
            statement(Form::Json)
        ),
    }
}

/// The statement of [`guard`] alone; on one line where the form allows it, else after an empty line.
pub fn statement(form: Form) -> String {
    match form {
        Form::Json => format!(
            "{{ \"Effect\": \"Deny\", \"Action\": \"iam:CreateAccessKey\", \"Resource\": \"*\", \
             \"Condition\": {{ \"ArnLike\": {{ \"aws:PrincipalArn\": \"{ROOT_ARN}\" }} }} }}"
        ),
        Form::Hcl => format!(
            "{{ Effect = \"Deny\", Action = \"iam:CreateAccessKey\", Resource = \"*\", \
             Condition = {{ ArnLike = {{ \"aws:PrincipalArn\" = \"{ROOT_ARN}\" }} }} }}"
        ),
        Form::Document => format!(
            r#"

statement {{
  effect    = "Deny"
  actions   = ["iam:CreateAccessKey"]
  resources = ["*"]
  condition {{
    test     = "ArnLike"
    variable = "aws:PrincipalArn"
    values   = ["{ROOT_ARN}"]
  }}
}}"#
        ),
    }
}

/// The condition that leaves sessions of `sts:AssumeRoot` alone.
pub fn without_sessions(form: Form) -> &'static str {
    match form {
        Form::Json => "\"Null\": { \"aws:AssumedRoot\": \"true\" }",
        Form::Hcl => "Null = { \"aws:AssumedRoot\" = \"true\" }",
        Form::Document => "test = \"Null\", variable = \"aws:AssumedRoot\", values = [\"true\"]",
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
    if let Some(site) = organization.filter(|site| site.project.ends_with(".json")) {
        return format!(
            r#""DenyRootAccessKeys": {{
  "Type": "AWS::Organizations::Policy",
  "Properties": {{
    "Name": "deny-root-access-keys",
    "Type": "SERVICE_CONTROL_POLICY",
    "TargetIds": [{{ "Fn::GetAtt": ["{}", "RootId"] }}],
    "Content": {{
      "Version": "2012-10-17",
      "Statement": [{}]
    }}
  }}
}}"#,
            site.address,
            statement(Form::Json),
        );
    }
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
