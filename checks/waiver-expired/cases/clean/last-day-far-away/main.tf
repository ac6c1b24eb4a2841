resource "aws_iam_access_key" "k" {
  user = "ci" # rootlint: ignore[unrotated-access-key] reason="Vault" until=2999-01-31
}
