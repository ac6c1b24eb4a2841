resource "aws_iam_user" "ci" {
  name = "ci"
}

resource "aws_iam_access_key" "ci" {
  user = aws_iam_user.ci.name
}

resource "aws_secretsmanager_secret" "ci" {
  name = "ci-key"
}

resource "aws_secretsmanager_secret_version" "ci" {
  secret_id = aws_secretsmanager_secret.ci.id
  secret_string = jsonencode({
    id     = aws_iam_access_key.ci.id
    secret = aws_iam_access_key.ci.secret
  })
}

resource "aws_secretsmanager_secret_rotation" "ci" {
  secret_id           = aws_secretsmanager_secret.ci.id
  rotation_lambda_arn = "arn:aws:lambda:eu-west-1:111122223333:function:rotate"

  rotation_rules {
    automatically_after_days = 30
  }
}
