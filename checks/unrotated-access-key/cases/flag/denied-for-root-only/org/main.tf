resource "aws_organizations_organization" "this" {
  feature_set          = "ALL"
  enabled_policy_types = ["SERVICE_CONTROL_POLICY"]
}

resource "aws_organizations_policy" "no_keys" {
  name = "no-keys"

  content = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Deny", Action = "iam:CreateAccessKey", Resource = "arn:aws:iam::*:root" }]
  })
}

resource "aws_organizations_policy_attachment" "no_keys" {
  policy_id = aws_organizations_policy.no_keys.id
  target_id = aws_organizations_organization.this.roots[0].id
}
