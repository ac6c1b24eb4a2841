resource "aws_organizations_organization" "this" {
  aws_service_access_principals = ["iam.amazonaws.com"]
  feature_set          = "ALL"
  enabled_policy_types = ["SERVICE_CONTROL_POLICY"]
}

resource "aws_iam_organizations_features" "root" {
  enabled_features = ["RootCredentialsManagement", "RootSessions"]
}
