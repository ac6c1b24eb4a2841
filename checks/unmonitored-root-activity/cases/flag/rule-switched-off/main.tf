provider "aws" {
  region = "us-east-1"
}

resource "aws_cloudwatch_log_group" "trail" {
  name = "cloudtrail"
}

resource "aws_cloudtrail" "all" {
  name                       = "all"
  s3_bucket_name             = "trail-bucket"
  is_multi_region_trail      = true
  cloud_watch_logs_group_arn = "${aws_cloudwatch_log_group.trail.arn}:*"
  cloud_watch_logs_role_arn  = "arn:aws:iam::111122223333:role/trail"
}

data "aws_cloudwatch_event_bus" "default" {
  name = "default"
}

resource "aws_cloudwatch_event_rule" "root" {
  name           = "root"
  is_enabled     = false
  event_bus_name = data.aws_cloudwatch_event_bus.default.name
  event_pattern  = jsonencode({ detail = { userIdentity = { type = ["Root"] } } })
}
