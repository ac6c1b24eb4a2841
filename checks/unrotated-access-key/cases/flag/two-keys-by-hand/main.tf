resource "aws_iam_user" "ci" {
  name = "ci"
}

resource "aws_iam_access_key" "blue" {
  user = aws_iam_user.ci.name
}

resource "aws_iam_access_key" "green" {
  user   = aws_iam_user.ci.name
  status = "Inactive"
}
