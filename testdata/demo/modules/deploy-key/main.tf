# An IAM user whose key is replaced every month, and kept in Secrets Manager.

variable "user" {
  type = string
}

resource "aws_iam_user" "this" {
  name = var.user
}

resource "aws_iam_access_key" "this" {
  user = aws_iam_user.this.name

  lifecycle {
    replace_triggered_by = [time_static.rotated]
  }
}

resource "time_rotating" "monthly" {
  rotation_days = 30
}

resource "time_static" "rotated" {
  triggers = {
    monthly = time_rotating.monthly.id
  }
}

resource "aws_secretsmanager_secret" "key" {
  name_prefix = "deploy-key-"
}

resource "aws_secretsmanager_secret_version" "key" {
  secret_id = aws_secretsmanager_secret.key.id
  secret_string = jsonencode({
    id     = aws_iam_access_key.this.id
    secret = aws_iam_access_key.this.secret
  })
}
