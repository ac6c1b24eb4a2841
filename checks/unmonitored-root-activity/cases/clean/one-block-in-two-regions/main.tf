provider "aws" {
  alias  = "us"
  region = "us-east-1"
}

provider "aws" {
  alias  = "eu"
  region = "eu-west-1"
}

module "us" {
  source    = "./rule"
  providers = { aws = aws.us }
}

module "eu" {
  source    = "./rule"
  providers = { aws = aws.eu }
}

resource "aws_cloudtrail" "all" {
  name                  = "all"
  s3_bucket_name        = "trail-bucket"
  is_multi_region_trail = true
}

resource "aws_cloudwatch_event_rule" "calls" {
  provider      = aws.us
  name          = "calls"
  state         = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
  event_pattern = jsonencode({
    detail-type = ["AWS API Call via CloudTrail", "AWS Console Sign In via CloudTrail"]
    detail      = { userIdentity = { type = ["Root"] } }
  })
}

resource "aws_cloudwatch_event_target" "calls" {
  rule = aws_cloudwatch_event_rule.calls.name
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
