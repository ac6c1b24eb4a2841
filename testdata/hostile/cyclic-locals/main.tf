locals {
  a = local.b
  b = local.a
}
resource "aws_iam_access_key" "good" {
  user = "root"
}
