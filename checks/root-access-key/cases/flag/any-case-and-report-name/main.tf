resource "aws_iam_access_key" "upper" {
  user = "ROOT"
}

resource "aws_iam_access_key" "report" {
  user = "<root_account>"
}
