resource "aws_iam_access_key" "ci" {
  user    = "ci"
  pgp_key = "keybase:ops"
}

output "encrypted" {
  value = aws_iam_access_key.ci.encrypted_secret
}

output "secret" {
  value = aws_iam_access_key.ci.secret
}

output "whole" {
  value = aws_iam_access_key.ci
}
