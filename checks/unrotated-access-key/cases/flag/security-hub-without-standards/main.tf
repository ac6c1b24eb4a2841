resource "aws_iam_user" "ci" {
  name = "ci"
}

resource "aws_iam_access_key" "ci" {
  user = aws_iam_user.ci.name
}

resource "aws_securityhub_account" "this" {
  enable_default_standards = false
}

resource "aws_securityhub_standards_subscription" "tags" {
  standards_arn = "arn:aws:securityhub:eu-west-1::standards/aws-resource-tagging-standard/v/1.0.0"
}
