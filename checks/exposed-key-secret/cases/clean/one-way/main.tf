resource "aws_iam_access_key" "ci" {
  user = "ci"
}

output "hash" {
  value = nonsensitive(sha256(aws_iam_access_key.ci.secret))
}

resource "null_resource" "n" {
  triggers = {
    hash   = md5("${aws_iam_access_key.ci.id}:${aws_iam_access_key.ci.secret}")
    length = length(aws_iam_access_key.ci.secret)
    there  = aws_iam_access_key.ci.secret != ""
    state  = aws_iam_access_key.ci.secret == null ? "none" : "made"
    starts = startswith(aws_iam_access_key.ci.secret, "a")
  }
}
