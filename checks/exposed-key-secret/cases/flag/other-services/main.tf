resource "aws_iam_access_key" "ci" {
  user = "ci"
}

resource "kubernetes_config_map" "c" {
  metadata {
    name = "c"
  }
  data = {
    secret = aws_iam_access_key.ci.secret
  }
}

resource "github_actions_variable" "v" {
  repository    = "r"
  variable_name = "AWS_SECRET_ACCESS_KEY"

  value = aws_iam_access_key.ci.secret
}

resource "gitlab_project_variable" "v" {
  project = "p"
  key     = "AWS_SECRET_ACCESS_KEY"
  masked  = false

  value = aws_iam_access_key.ci.secret
}
