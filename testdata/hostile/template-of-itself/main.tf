resource "aws_iam_access_key" "good" {
  user = "root"
}
resource "aws_iam_user" "u" {
  name = templatefile("${path.module}/t.tpl", {})
}
