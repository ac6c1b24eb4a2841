variable "target" {
  type = string
}

resource "aws_organizations_policy" "deny" {
  name    = "deny-root-access-keys"
  content = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Deny", Action = "iam:CreateAccessKey", Resource = "*" }]
  })
}

resource "aws_organizations_policy_attachment" "deny" {
  policy_id = aws_organizations_policy.deny.id
  target_id = var.target
}
