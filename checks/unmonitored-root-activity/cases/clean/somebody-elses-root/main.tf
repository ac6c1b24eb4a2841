resource "aws_cloudwatch_log_metric_filter" "ssh" {
  name           = "ssh"
  log_group_name = "/var/log/secure"
  pattern        = "\"Failed password for root\""

  metric_transformation {
    name      = "RootSsh"
    namespace = "Hosts"
    value     = "1"
  }
}

resource "aws_cloudwatch_event_rule" "mfa" {
  name = "mfa"
  event_pattern = jsonencode({
    source = ["aws.config"]
    detail = { configRuleName = ["root-account-mfa-enabled"] }
  })
}
