resource "aws_iam_access_key" "ci" {
  count = 0
  user  = "ci"
}

output "secret" {
  value = join("", aws_iam_access_key.ci[*].secret)
}

output "first" {
  value = try(aws_iam_access_key.ci[0].secret, "none")
}
