resource "aws_iam_access_key" "a" {
  for_each = toset(["x", "y"])
  user     = each.key
}
