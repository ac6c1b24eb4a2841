resource "aws_iam_access_key" "ci" {
  user = "ci"
}

locals {
  keys = { for name, key in { ci = aws_iam_access_key.ci } : name => { id = key.id, secret = key.secret } }
}

resource "aws_s3_object" "json" {
  bucket  = "b"
  key     = "k"
  content = jsonencode({ id = aws_iam_access_key.ci.id, secret = local.keys["ci"].secret })
}

resource "aws_s3_object" "base64" {
  bucket         = "b"
  key            = "k"
  content_base64 = base64encode(format("%s:%s", aws_iam_access_key.ci.id, aws_iam_access_key.ci.secret))
}

resource "aws_s3_object" "joined" {
  bucket  = "b"
  key     = "k"
  content = join(",", concat(["a"], [for key in [aws_iam_access_key.ci] : key.secret]))
}

resource "aws_s3_object" "template" {
  bucket = "b"
  key    = "k"

  content = templatefile("${path.module}/credentials.tftpl", { secret = aws_iam_access_key.ci.secret })
}

resource "aws_s3_object" "chosen" {
  bucket  = "b"
  key     = "k"
  content = var.with_secret ? upper(aws_iam_access_key.ci.secret) : ""
}

variable "with_secret" {
  type = bool
}
