resource "aws_organizations_organization" "this" {
  feature_set          = "ALL"
  enabled_policy_types = ["SERVICE_CONTROL_POLICY"]
}

resource "aws_organizations_policy" "users" {
  name = "no-users"
  content = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Deny", Action = ["iam:CreateUser", "iam:CreateLoginProfile"], Resource = "*" }]
  })
}

resource "aws_organizations_policy_attachment" "users" {
  policy_id = aws_organizations_policy.users.id
  target_id = aws_organizations_organization.this.roots[0].id
}
