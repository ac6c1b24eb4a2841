resource "aws_iam_access_key" "each" {
  for_each = toset(["a", "b"])
  user     = each.key
}

output "all" {
  value = { for name, key in aws_iam_access_key.each : name => key.secret }
}

output "list" {
  value = values(aws_iam_access_key.each)[*].secret
}

resource "aws_iam_access_key" "perhaps" {
  count = var.keys
  user  = "c"
}

variable "keys" {}

output "perhaps" {
  value = one(aws_iam_access_key.perhaps[*].secret)
}
