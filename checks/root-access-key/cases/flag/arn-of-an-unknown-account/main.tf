data "aws_caller_identity" "current" {}

resource "aws_iam_access_key" "root" {
  user = "arn:aws:iam::${data.aws_caller_identity.current.account_id}:root"
}
