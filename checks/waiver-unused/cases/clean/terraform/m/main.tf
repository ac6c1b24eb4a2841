variable "name" {}

resource "aws_iam_access_key" "k" {
  user = var.name
}

resource "aws_iam_access_key" "l" {
  user = "l"
}
