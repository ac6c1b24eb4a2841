variable "name" {}

# rootlint: ignore-block[unrotated-access-key] reason="where it is declared"
resource "aws_iam_access_key" "k" {
  user = var.name
}
