resource "aws_iam_access_key" "good" {
  user = "root"
}
resource "aws_iam_user" "u" {
  name = length([for i in range(10000) : [for j in range(10000) : "x${i}${j}"]])
}
