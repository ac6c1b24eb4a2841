resource "aws_iam_access_key" "ci" {
  user = "ci"
}

provider "aws" {
  alias      = "ci"
  access_key = aws_iam_access_key.ci.id
  secret_key = aws_iam_access_key.ci.secret
}

data "external" "e" {
  program = ["true"]
  query = {
    id = aws_iam_access_key.ci.id
  }
}
