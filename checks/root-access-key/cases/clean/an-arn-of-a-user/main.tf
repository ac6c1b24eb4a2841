resource "aws_iam_access_key" "ci" {
  user = "arn:aws:iam::111122223333:user/root"
}
