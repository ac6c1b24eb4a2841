resource "aws_iam_access_key" "ci" {
  user = "ci"
}

locals {
  secret = nonsensitive(aws_iam_access_key.ci.secret)
}

output "secret" {
  value = local.secret
}
