terraform {
  backend "s3" {
    bucket = "states"
    key    = "writer"
    region = "eu-west-1"
  }
}

resource "aws_iam_access_key" "ci" {
  user = "ci"
}

output "secret" {
  value     = aws_iam_access_key.ci.secret
  sensitive = true
}
