variable "keys" {
  type = number
}

resource "aws_iam_access_key" "root" {
  count = var.keys
  user  = "root"
}
