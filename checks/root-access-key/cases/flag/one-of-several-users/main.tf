resource "aws_iam_user" "people" {
  for_each = toset(["anna", "root"])
  name     = each.key
}

resource "aws_iam_access_key" "people" {
  for_each = aws_iam_user.people
  user     = each.value.id
}
