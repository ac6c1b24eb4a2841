# rootlint: ignore-file[unrotated-access-key] reason="all of it" until=2999-01-01
resource "aws_iam_access_key" "k" {
  user = "ci" # rootlint: ignore[unrotated-access-key] reason="Vault" until=2020-01-31
}
