resource "aws_iam_access_key" "ci" {
  user = "ci"
}

output "secret" {
  value = aws_iam_access_key.ci.secret
}

output "smtp" {
  value = aws_iam_access_key.ci.ses_smtp_password_v4
}

output "whole" {
  description = "Everything about the key."
  value       = aws_iam_access_key.ci
}
