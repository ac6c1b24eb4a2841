# rootlint: ignore-file[root-access-key] reason="x"
resource "aws_s3_bucket" "b" {}
