terraform {
  backend "s3" {
    bucket = "example-states"
    key    = "users.tfstate"
  }
}

resource "aws_iam_user" "ci" {
  name = "ci"
}

output "owner" {
  value = aws_iam_user.ci.id
}
