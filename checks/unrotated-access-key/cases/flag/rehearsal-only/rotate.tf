resource "aws_cloudwatch_event_rule" "weekly" {
  name                = "rotate-keys"
  schedule_expression = "rate(7 days)"
}

resource "aws_cloudwatch_event_target" "rotate" {
  rule = aws_cloudwatch_event_rule.weekly.name
  arn  = aws_lambda_function.rotate.arn
}

resource "aws_lambda_function" "rotate" {
  function_name = "rotate-keys"
  role          = aws_iam_role.rotate.arn
  handler       = "rotate.handler"
  runtime       = "python3.13"
  filename      = "rotate.zip"

  environment {
    variables = {
      DRY_RUN = "true"
    }
  }
}

resource "aws_iam_role" "rotate" {
  name               = "rotate-keys"
  assume_role_policy = jsonencode({})
}

data "aws_iam_policy_document" "rotate" {
  statement {
    actions   = ["iam:CreateAccessKey", "iam:DeleteAccessKey"]
    resources = ["arn:aws:iam::*:user/*"]
  }
}

resource "aws_iam_role_policy" "rotate" {
  role   = aws_iam_role.rotate.id
  policy = data.aws_iam_policy_document.rotate.json
}
