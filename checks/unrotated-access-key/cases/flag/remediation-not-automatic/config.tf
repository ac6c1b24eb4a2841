resource "aws_config_config_rule" "old_keys" {
  name             = "old-keys"
  input_parameters = jsonencode({ maxAccessKeyAge = "90" })

  source {
    owner             = "AWS"
    source_identifier = "ACCESS_KEYS_ROTATED"
  }
}

resource "aws_config_remediation_configuration" "old_keys" {
  config_rule_name = aws_config_config_rule.old_keys.name
  target_type      = "SSM_DOCUMENT"
  target_id        = "AWSConfigRemediation-RevokeUnusedIAMUserCredentials"
  automatic        = false
}
