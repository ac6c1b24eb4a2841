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
        StringLike = { "aws:PrincipalArn" = "arn:aws:iam::*:Root" }
      }
    }]
  })
}
