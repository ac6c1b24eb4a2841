variable "owner" {
  type = string
}

resource "aws_iam_access_key" "ci" {
  user = var.owner
}
