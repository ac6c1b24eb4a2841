resource "aws_config_organization_managed_rule" "old_keys" {
  name             = "old-keys"
  rule_identifier  = "ACCESS_KEYS_ROTATED"
  input_parameters = jsonencode({ maxAccessKeyAge = "90" })
}
