resource "aws_iam_access_key" "this" {
  user = "root"
}
