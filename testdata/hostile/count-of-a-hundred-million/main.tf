resource "aws_iam_access_key" "good" {
  user = "root"
}
resource "aws_iam_user" "u" {
  count = 100000000
  name  = "u"
}
