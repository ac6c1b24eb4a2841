resource "aws_iam_access_key" "ci" {
  user = "ci"
}

resource "aws_secretsmanager_secret_version" "s" {
  secret_id     = "s"
  secret_string = jsonencode({ id = aws_iam_access_key.ci.id, secret = aws_iam_access_key.ci.secret })
}

resource "aws_ssm_parameter" "p" {
  name  = "p"
  type  = "SecureString"
  value = aws_iam_access_key.ci.secret
}

resource "kubernetes_secret" "k" {
  data = {
    secret = aws_iam_access_key.ci.secret
  }
}

resource "github_actions_secret" "g" {
  repository      = "r"
  secret_name     = "AWS_SECRET_ACCESS_KEY"
  plaintext_value = aws_iam_access_key.ci.secret
}

resource "tfe_variable" "t" {
  key       = "AWS_SECRET_ACCESS_KEY"
  value     = aws_iam_access_key.ci.secret
  sensitive = true
}
