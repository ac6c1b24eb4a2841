resource "aws_lambda_function" "f" {
  count         = 0
  function_name = "f"
  role          = "arn:aws:iam::111122223333:role/f"
  environment {
    variables = {
      AWS_ACCESS_KEY_ID = "AKIAQWERTYUIOPASDFGH"
    }
  }
}

# access_key = "AKIAQWERTYUIOPASDFGH"
