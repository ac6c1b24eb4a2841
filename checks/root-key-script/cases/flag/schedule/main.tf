resource "aws_scheduler_schedule" "a" {
  schedule_expression = "rate(1 day)"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = "arn:aws:scheduler:::aws-sdk:iam:createAccessKey"
    role_arn = "arn:aws:iam::111122223333:role/schedule"
    input    = jsonencode({ UserName = "root" })
  }
}
