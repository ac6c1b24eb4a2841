resource "aws_iam_user" "root" {
  name = "root"
}
