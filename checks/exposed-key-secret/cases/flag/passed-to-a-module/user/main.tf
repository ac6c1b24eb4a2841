resource "aws_iam_access_key" "ci" {
  user = "ci"
}

output "secret" {
  value = aws_iam_access_key.ci.secret
}

output "keys" {
  value = { ci = aws_iam_access_key.ci }
}
