resource "aws_config_organization_managed_rule" "keys" {
  name              = "keys"
  rule_identifier   = "ACCESS_KEYS_ROTATED"
  excluded_accounts = ["111122223333"]
}
