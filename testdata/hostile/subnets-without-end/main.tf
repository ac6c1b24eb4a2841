resource "aws_iam_access_key" "good" {
  user = "root"
}
resource "aws_iam_user" "u" {
  name = cidrsubnet("10.0.0.0/8", 1000000000, 1)
}
