resource "aws_iam_user" "ci" {
  name = "ci"
}

resource "aws_iam_access_key" "ci" {
  user = aws_iam_user.ci.name
}

resource "vault_aws_secret_backend_static_role" "ci" {
  backend         = "aws"
  name            = "ci"
  username        = aws_iam_user.ci.name
  rotation_period = "86400"
}
