# rootlint: ignor[root-access-key] reason="x"
# rootlint: ignore[root-key] reason="x"
# rootlint: ignore[root-access-key]
# rootlint: ignore[root-access-key] reason="x" until=2027-02-30
/* rootlint: ignore-file[*] reason="x" */
resource "aws_s3_bucket" "b" {}
