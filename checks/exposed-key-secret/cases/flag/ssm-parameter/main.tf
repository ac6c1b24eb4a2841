resource "aws_iam_access_key" "ci" {
  user = "ci"
}

resource "aws_ssm_parameter" "plain" {
  name  = "/ci/secret"
  type  = "String"
  value = aws_iam_access_key.ci.secret
}

resource "aws_ssm_parameter" "open" {
  name  = "/ci/open"
  type  = var.type
  value = aws_iam_access_key.ci.secret
}

resource "aws_ssm_parameter" "insecure" {
  name           = "/ci/insecure"
  type           = "SecureString"
  insecure_value = aws_iam_access_key.ci.secret
}

variable "type" {
  type = string
}
