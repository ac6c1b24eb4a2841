resource "aws_iam_user" "ci" {
  name = "ci"
}

resource "aws_iam_access_key" "ci" {
  user = aws_iam_user.ci.name
}

resource "aws_cloudwatch_event_rule" "weekly" {
  schedule_expression = "rate(7 days)"
}

resource "aws_cloudwatch_event_target" "weekly" {
  rule = aws_cloudwatch_event_rule.weekly.name
  arn  = aws_sfn_state_machine.rotate.arn
}

resource "aws_sfn_state_machine" "rotate" {
  name     = "rotate"
  role_arn = aws_iam_role.rotate.arn

  definition = jsonencode({
    StartAt = "Off"
    States = {
      Off = {
        Type       = "Task"
        Resource   = "arn:aws:states:::aws-sdk:iam:updateAccessKey"
        Parameters = { "UserName" = "ci", "AccessKeyId.$" = "$.id", "Status" = "Inactive" }
        End        = true
      }
    }
  })
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
    Statement = [{ Effect = "Allow", Action = ["iam:ListAccessKeys", "iam:GetAccessKeyLastUsed"], Resource = "arn:aws:iam::*:user/*" }]
  })
}
