provider "aws" {
  alias  = "root"
  region = "eu-west-1"
}

resource "aws_iam_role" "root" {
  provider           = aws.root
  name               = "root"
  assume_role_policy = jsonencode({ Statement = [{ Effect = "Allow", Principal = { AWS = "arn:aws:iam::111122223333:root" }, Action = "sts:AssumeRole" }] })
}
