variable "key" {}

resource "aws_lambda_function" "f" {
  function_name = "f"
  role          = "arn:aws:iam::111122223333:role/f"
  environment {
    variables = {
      AWS_ACCESS_KEY_ID = var.key
    }
  }
}
