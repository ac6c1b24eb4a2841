variable "owner" {
  type = string
}

resource "aws_iam_user" "this" {
  name = var.owner
}

resource "aws_iam_access_key" "this" {
  user = aws_iam_user.this.name
}
