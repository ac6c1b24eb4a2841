resource "aws_cloudwatch_event_rule" "root" {
  name          = "root"
  state         = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
  event_pattern = jsonencode({
    detail-type = ["AWS Console Sign In via CloudTrail"]
    detail      = { userIdentity = { type = ["Root"] } }
  })
}

resource "aws_cloudwatch_event_target" "root" {
  rule = aws_cloudwatch_event_rule.root.name
  arn  = "arn:aws:sns:us-east-1:111122223333:security"
}
