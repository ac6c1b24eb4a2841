data "aws_iam_user" "old" {
  user_name = "old"
}

resource "aws_iam_access_key" "old" {
  user = data.aws_iam_user.old.user_name
}
