resource "aws_iam_user" "ci" {
  name = "ci"
}

resource "aws_iam_access_key" "ci" {
  user = aws_iam_user.ci.name
}

resource "aws_config_config_rule" "unused" {
  name = "unused"

  source {
    owner             = "AWS"
    source_identifier = "IAM_USER_UNUSED_CREDENTIALS_CHECK"
  }
}

resource "aws_config_remediation_configuration" "unused" {
  config_rule_name = aws_config_config_rule.unused.name
  target_type      = "SSM_DOCUMENT"
  target_id        = "AWSConfigRemediation-RevokeUnusedIAMUserCredentials"
  automatic        = true
}
