resource "aws_organizations_policy" "root" {
  name = "root"
  content = jsonencode({
    Version   = "2012-10-17"
    Statement = [{
      Effect    = "Deny"
      NotAction = ["iam:*", "sts:*"]
      Resource  = "*"
      Condition = {
        StringNotEquals = { "aws:RequestedRegion" = ["eu-west-1"] }
        ArnNotLike      = { "aws:PrincipalArn" = ["arn:aws:iam::*:root", "arn:aws:iam::*:role/admin"] }
      }
    }]
  })
}
