# rootlint: ignore[unrotated-access-key] reason="Vault"
resource "aws_s3_bucket" "b" {}
