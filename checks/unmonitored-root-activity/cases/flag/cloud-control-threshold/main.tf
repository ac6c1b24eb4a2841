resource "awscc_cloudtrail_trail" "all" {
  trail_name                    = "all"
  s3_bucket_name                = "trail-bucket"
  is_logging                    = true
  is_multi_region_trail         = true
  cloudwatch_logs_log_group_arn = "arn:aws:logs:us-east-1:111122223333:log-group:cloudtrail:*"
  cloudwatch_logs_role_arn      = "arn:aws:iam::111122223333:role/trail"
}

resource "awscc_logs_metric_filter" "root" {
  log_group_name = "cloudtrail"
  filter_pattern = "{ $.userIdentity.type = \"Root\" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != \"AwsServiceEvent\" }"
  metric_transformations = [{
    metric_name      = "RootUse"
    metric_namespace = "Security"
    metric_value     = "1"
  }]
}

resource "awscc_cloudwatch_alarm" "root" {
  namespace           = "Security"
  metric_name         = "RootUse"
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  threshold           = 3
  comparison_operator = "GreaterThanOrEqualToThreshold"
  alarm_actions       = ["arn:aws:sns:us-east-1:111122223333:security"]
}
