data "archive_file" "code" {
  type        = "zip"
  output_path = "${path.module}/code.zip"
  source {
    filename = "index.js"
    content  = <<-EOF
      const { IAMClient, CreateAccessKeyCommand } = require("@aws-sdk/client-iam");
      exports.handler = async () => new IAMClient({}).send(new CreateAccessKeyCommand({}));
    EOF
  }
}

resource "aws_lambda_function" "f" {
  function_name = "f"
  role          = "arn:aws:iam::111122223333:role/f"
  filename      = data.archive_file.code.output_path
  handler       = "index.handler"
  runtime       = "nodejs20.x"
}
