module "keys" {
  source   = "./keys"
  for_each = toset(["a", "b"])
  user     = each.key
}

module "counted" {
  source = "./keys"
  count  = 2
  user   = "c"
}

locals {
  all    = module.keys
  second = [for key in values(local.all) : key.secret]
}

resource "aws_s3_object" "whole" {
  bucket  = "b"
  key     = "whole"
  content = jsonencode(local.second)
}

resource "aws_s3_object" "counted" {
  bucket  = "b"
  key     = "counted"
  content = join(",", module.counted[*].secret)
}

resource "aws_s3_object" "passed" {
  for_each = { for name, key in module.keys : name => key.secret }
  bucket   = "b"
  key      = "passed"
  content  = each.value
}
