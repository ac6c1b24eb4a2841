variable "access_key" {}

variable "secret_key" {
  sensitive = true
}

provider "aws" {
  access_key = var.access_key
  secret_key = var.secret_key
}

resource "aws_iam_access_key" "ci" {
  user = "ci"
}

provider "aws" {
  alias      = "ci"
  access_key = aws_iam_access_key.ci.id
  secret_key = aws_iam_access_key.ci.secret
}
