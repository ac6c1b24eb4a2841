provider "aws" {
  assume_role {
    role_arn = "arn:aws:iam::444455556666:role/deploy"
  }
}

resource "aws_config_config_rule" "old_keys" {
  name = "old-keys"

  source {
    owner             = "AWS"
    source_identifier = "ACCESS_KEYS_ROTATED"
  }
}

resource "aws_config_remediation_configuration" "old_keys" {
  config_rule_name = aws_config_config_rule.old_keys.name
  target_type      = "SSM_DOCUMENT"
  target_id        = "ASR-RevokeUnrotatedKeys"
  automatic        = true
}
