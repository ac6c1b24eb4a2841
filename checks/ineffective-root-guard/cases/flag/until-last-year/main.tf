resource "aws_organizations_policy" "root" {
  name = "root"
  content = jsonencode({
    Version   = "2012-10-17"
    Statement = [{
      Sid      = "DenyRoot"
      Effect   = "Deny"
      Action   = "iam:CreateAccessKey"
      Resource = "*"
      Condition = {
        ArnLike      = { "aws:PrincipalArn" = "arn:*:iam::*:root" }
        DateLessThan = { "aws:CurrentTime" = "2025-01-01T00:00:00Z" }
      }
    }]
  })
}
