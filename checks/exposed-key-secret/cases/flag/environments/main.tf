resource "aws_iam_access_key" "ci" {
  user = "ci"
}

resource "aws_lambda_function" "f" {
  function_name = "f"
  role          = "arn:aws:iam::111122223333:role/f"
  environment {
    variables = {
      ID     = aws_iam_access_key.ci.id
      SECRET = aws_iam_access_key.ci.secret
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
      name  = "AWS_SECRET_ACCESS_KEY"
      value = aws_iam_access_key.ci.secret
    }
  }
}

resource "aws_ecs_task_definition" "t" {
  family = "t"
  container_definitions = jsonencode([
    { name = "c", image = "i", environment = [{ name = "SECRET", value = aws_iam_access_key.ci.secret }] }
  ])
}

resource "aws_apprunner_service" "s" {
  service_name = "s"
  source_configuration {
    image_repository {
      image_identifier      = "i"
      image_repository_type = "ECR"
      image_configuration {
        runtime_environment_variables = {
          SECRET = aws_iam_access_key.ci.secret
        }
      }
    }
  }
}

resource "aws_glue_job" "g" {
  name     = "g"
  role_arn = "arn:aws:iam::111122223333:role/g"
  default_arguments = {
    "--secret" = aws_iam_access_key.ci.secret
  }
}

resource "aws_batch_job_definition" "b" {
  name                 = "b"
  type                 = "container"
  container_properties = jsonencode({ environment = [{ name = "SECRET", value = aws_iam_access_key.ci.secret }] })
}
