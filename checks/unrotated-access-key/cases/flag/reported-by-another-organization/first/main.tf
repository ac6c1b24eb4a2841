resource "aws_organizations_organization" "this" {
  feature_set          = "ALL"
  enabled_policy_types = ["SERVICE_CONTROL_POLICY"]
}

resource "aws_config_organization_managed_rule" "old_keys" {
  name            = "old-keys"
  rule_identifier = "ACCESS_KEYS_ROTATED"
}
