resource "aws_iam_access_key" "ci" {
  user = "ci"
}

resource "aws_s3_bucket" "b" {
  bucket = "b"
  tags = {
    secret = aws_iam_access_key.ci.secret
  }
}

resource "null_resource" "n" {
  triggers = {
    secret = aws_iam_access_key.ci.secret
  }
}

resource "terraform_data" "d" {
  triggers_replace = [aws_iam_access_key.ci.secret]
}
