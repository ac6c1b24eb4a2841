resource "aws_config_config_rule" "old_keys" {
  name             = "old-keys"
  input_parameters = jsonencode({ maxAccessKeyAge = "90" })

  source {
    owner             = "AWS"
    source_identifier = "ACCESS_KEYS_ROTATED"
  }
}
