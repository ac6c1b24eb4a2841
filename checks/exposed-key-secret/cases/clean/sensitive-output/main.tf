resource "aws_iam_access_key" "ci" {
  user = "ci"
}

output "secret" {
  value     = aws_iam_access_key.ci.secret
  sensitive = true
}

output "file" {
  value     = nonsensitive("secret: ${aws_iam_access_key.ci.secret}")
  sensitive = true
}
