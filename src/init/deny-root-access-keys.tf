# Written by `rootlint init`: no root user of a member account can make itself an access key. The management account is
# never covered by a service control policy.
resource "aws_organizations_policy" "deny_root_access_keys" {
  name        = "deny-root-access-keys"
  description = "Denies root users access keys"
  type        = "SERVICE_CONTROL_POLICY"
  content = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "DenyRootAccessKeys"
      Effect    = "Deny"
      Action    = "iam:CreateAccessKey"
      Resource  = "*"
      Condition = { ArnLike = { "aws:PrincipalArn" = "arn:*:iam::*:root" } }
    }]
  })
}

resource "aws_organizations_policy_attachment" "deny_root_access_keys" {
  policy_id = aws_organizations_policy.deny_root_access_keys.id
  target_id = {root}
}
