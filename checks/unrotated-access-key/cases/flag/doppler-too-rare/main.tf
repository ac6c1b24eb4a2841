resource "aws_iam_user" "ci" {
  name = "ci"
}

resource "aws_iam_access_key" "ci" {
  user = aws_iam_user.ci.name
}

resource "doppler_rotated_secret_aws_iam_user_keys" "ci" {
  integration         = "integration"
  project             = "backend"
  config              = "prd"
  name                = "CI"
  rotation_period_sec = 31536000

  credentials {
    username = aws_iam_user.ci.name
  }
}
