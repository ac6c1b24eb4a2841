variable "status" {
  type = string
}

resource "aws_iam_access_key" "root" {
  user   = "root"
  status = var.status
}
