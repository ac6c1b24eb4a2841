resource "aws_lambda_function" "f" {
  function_name = "f"
  role          = "arn:aws:iam::111122223333:role/f"
  environment {
    variables = {
      AWS_ACCESS_KEY_ID     = "AKIAQWERTYUIOPASDFGH"
      AWS_SECRET_ACCESS_KEY = "abcdefghijklmnopqrstuvwxyz0123456789+/AB"
    }
  }
}

resource "aws_codebuild_project" "p" {
  name         = "p"
  service_role = "arn:aws:iam::111122223333:role/p"
  environment {
    compute_type = "BUILD_GENERAL1_SMALL"
    image        = "aws/codebuild/standard:7.0"
    type         = "LINUX_CONTAINER"
    environment_variable {
      value = "AKIAQWERTYUIOPASDFGH"
      name  = "AWS_ACCESS_KEY_ID"
    }
  }
}

resource "aws_ecs_task_definition" "t" {
  family = "t"
  container_definitions = jsonencode([{
    name        = "c"
    environment = [{ name = "AWS_ACCESS_KEY_ID", value = "AKIAQWERTYUIOPASDFGH" }]
  }])
}
