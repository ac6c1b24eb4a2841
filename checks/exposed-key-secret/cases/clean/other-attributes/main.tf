resource "aws_iam_access_key" "ci" {
  user = "ci"
}

output "id" {
  value = aws_iam_access_key.ci.id
}

output "user" {
  value = { user = aws_iam_access_key.ci.user, since = aws_iam_access_key.ci.create_date }
}

resource "aws_ssm_parameter" "id" {
  name  = "id"
  type  = "String"
  value = aws_iam_access_key.ci.id
}
