resource "aws_iam_access_key" "good" {
  user = "root"
}
