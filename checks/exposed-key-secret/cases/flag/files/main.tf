resource "aws_iam_access_key" "ci" {
  user = "ci"
}

resource "local_file" "a" {
  filename = "a"
  content  = "secret: ${aws_iam_access_key.ci.secret}"
}

resource "local_sensitive_file" "b" {
  filename = "b"
  content  = aws_iam_access_key.ci.secret
}

data "archive_file" "c" {
  type = "zip"
  source {
    filename = "c"
    content  = aws_iam_access_key.ci.secret
  }
  output_path = "c.zip"
}
