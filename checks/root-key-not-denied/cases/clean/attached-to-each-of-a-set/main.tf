resource "aws_organizations_organization" "this" {
  feature_set          = "ALL"
  enabled_policy_types = ["SERVICE_CONTROL_POLICY"]
}

resource "aws_organizations_organizational_unit" "prod" {
  name      = "prod"
  parent_id = aws_organizations_organization.this.roots[0].id
}

resource "aws_organizations_organizational_unit" "test" {
  name      = "test"
  parent_id = aws_organizations_organization.this.roots[0].id
}

resource "aws_organizations_policy" "deny" {
  name    = "deny-root-access-keys"
  content = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Deny", Action = "iam:CreateAccessKey", Resource = "*" }]
  })
}

resource "aws_organizations_policy_attachment" "deny" {
  for_each  = toset([aws_organizations_organizational_unit.prod.id, aws_organizations_organizational_unit.test.id])
  policy_id = aws_organizations_policy.deny.id
  target_id = each.value
}
