data "archive_file" "code" {
  type        = "zip"
  output_path = "${path.module}/code.zip"
  source_dir  = "${path.module}/src"
}

resource "aws_lambda_function" "f" {
  function_name = "f"
  role          = "arn:aws:iam::111122223333:role/f"
  filename      = data.archive_file.code.output_path
  handler       = "app.handler"
  runtime       = "python3.12"
}
