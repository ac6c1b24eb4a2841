variable "enabled" {
  default = false
}

resource "aws_iam_access_key" "none" {
  count = 0
  user  = "root"
}

resource "aws_iam_access_key" "off" {
  count = var.enabled ? 1 : 0
  user  = "root"
}

resource "aws_iam_access_key" "nobody" {
  for_each = toset([])
  user     = "root"
}

module "off" {
  source = "./key"
  count  = var.enabled ? 1 : 0
}
