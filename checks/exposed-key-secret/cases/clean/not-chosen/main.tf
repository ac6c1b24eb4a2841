resource "aws_iam_access_key" "ci" {
  user = "ci"
}

locals {
  in_clear = false
}

resource "local_file" "f" {
  filename = "f"
  content  = local.in_clear ? aws_iam_access_key.ci.secret : "none"
}

resource "local_file" "absent" {
  count    = local.in_clear ? 1 : 0
  filename = "f"
  content  = aws_iam_access_key.ci.secret
}

output "id" {
  value = lookup({ id = aws_iam_access_key.ci.id, secret = aws_iam_access_key.ci.secret }, "id", "")
}
