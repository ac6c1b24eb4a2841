resource "aws_iam_user" "ci" {
  name = "ci"
}

resource "aws_iam_access_key" "ci" {
  user = aws_iam_user.ci.name
}

resource "aws_scheduler_schedule" "off" {
  schedule_expression = "rate(30 days)"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = "arn:aws:scheduler:::aws-sdk:iam:updateAccessKey"
    role_arn = aws_iam_role.rotate.arn
    input    = jsonencode({ UserName = "ci", AccessKeyId = "x", Status = "Active" })
  }
}

resource "aws_iam_role" "rotate" {
  name = "rotate"

  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy" "rotate" {
  role = aws_iam_role.rotate.id

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "iam:UpdateAccessKey", Resource = "arn:aws:iam::*:user/*" }]
  })
}
