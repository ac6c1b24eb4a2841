provider "aws" {
  region = "us-east-1"
}

resource "aws_cloudtrail" "all" {
  name                  = "all"
  s3_bucket_name        = "trail-bucket"
  is_multi_region_trail = true
}

resource "aws_cloudwatch_event_rule" "root" {
  name          = "root"
  state         = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
  event_pattern = jsonencode({
    source = ["aws.guardduty"]
    detail = { type = [{ prefix = "Policy:IAMUser/Root" }] }
  })
}

resource "aws_cloudwatch_event_target" "root" {
  rule = aws_cloudwatch_event_rule.root.name
  arn  = aws_sns_topic.security.arn
}

resource "aws_guardduty_detector" "all" {
  enable = true
}

resource "aws_cloudwatch_event_rule" "failed" {
  name          = "failed"
  event_pattern = jsonencode({ detail = { userIdentity = { type = ["Root"] }, errorMessage = [{ exists = true }] } })
}

resource "aws_cloudwatch_event_target" "failed" {
  rule = aws_cloudwatch_event_rule.failed.name
  arn  = aws_sns_topic.security.arn
}

resource "aws_sns_topic" "security" {
  name = "security"
}

resource "aws_sns_topic_subscription" "security" {
  topic_arn = aws_sns_topic.security.arn
  protocol  = "email"
  endpoint  = "security@example.com"
}
