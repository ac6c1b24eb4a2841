resource "aws_organizations_organization" "this" {
  feature_set          = "ALL"
  enabled_policy_types = ["SERVICE_CONTROL_POLICY"]
}

resource "aws_organizations_organizational_unit" "security" {
  name      = "Security"
  parent_id = aws_organizations_organization.this.roots[0].id
}

resource "aws_organizations_organizational_unit" "workloads" {
  name      = "Workloads"
  parent_id = aws_organizations_organization.this.roots[0].id
}

resource "aws_organizations_organizational_unit" "prod" {
  name      = "Prod"
  parent_id = aws_organizations_organizational_unit.workloads.id
}

resource "aws_organizations_account" "audit" {
  name      = "Audit"
  email     = "audit@example.com"
  parent_id = aws_organizations_organizational_unit.security.id
}

resource "aws_organizations_account" "shop" {
  name      = "Shop"
  email     = "shop@example.com"
  parent_id = aws_organizations_organizational_unit.prod.id
}

resource "aws_organizations_policy" "deny_root_keys" {
  name    = "DenyRootKeys"
  type    = "SERVICE_CONTROL_POLICY"
  content = file("${path.module}/deny-root-keys.json")
}

resource "aws_organizations_policy_attachment" "deny_root_keys" {
  policy_id = aws_organizations_policy.deny_root_keys.id
  target_id = aws_organizations_organization.this.roots[0].id
}

resource "aws_organizations_policy" "deny_leaving" {
  name    = "DenyLeaving"
  type    = "SERVICE_CONTROL_POLICY"
  content = file("${path.module}/deny-leaving.json")
}

resource "aws_organizations_policy_attachment" "deny_leaving" {
  for_each = {
    security = aws_organizations_organizational_unit.security.id
    prod     = aws_organizations_organizational_unit.prod.id
  }

  policy_id = aws_organizations_policy.deny_leaving.id
  target_id = each.value
}

resource "aws_iam_organizations_features" "root" {
  enabled_features = ["RootCredentialsManagement"]
}
