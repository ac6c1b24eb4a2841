resource "aws_iam_user" "ci" {
  name = "ci"
}

resource "aws_iam_access_key" "ci" {
  user = aws_iam_user.ci.name
}

resource "akeyless_rotated_secret_aws" "ci" {
  name              = "/ci"
  target_name       = "/aws"
  rotator_type      = "api-key"
  api_id            = aws_iam_access_key.ci.id
  api_key           = aws_iam_access_key.ci.secret
  rotation_interval = "30"
}
