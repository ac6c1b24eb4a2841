resource "aws_s3_bucket" "b" {
  bucket = "b"
  tags = {
    audit = "AKIAQWERTYUIOPASDFGH"
  }
}

resource "aws_iam_user_policy" "p" {
  user = "ci"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Deny", Action = "*", Resource = "*", Condition = { StringEquals = { "aws:userid" = "AKIAQWERTYUIOPASDFGH" } } }]
  })
}

import {
  to = aws_iam_access_key.k
  id = "AKIAQWERTYUIOPASDFGH"
}

resource "aws_iam_access_key" "k" {
  user = "ci"
}

output "old" {
  value = "the key AKIAQWERTYUIOPASDFGH was deleted"
}
