resource "aws_iam_access_key" "good" {
  user = "root"
}
resource "aws_iam_user" "u" {
  name = regex("((a{1000}){1000}){1000}", "a")
}
