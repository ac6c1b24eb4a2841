resource "aws_iam_access_key" "a" {
  user = "a"
  status = "Active" # rootlint: ignore[unrotated-access-key] reason="another line"
}

resource "aws_iam_access_key" "b" {
  user = "b" # rootlint: ignore[root-access-key] reason="another check"
}

# rootlint: ignore-block[unrotated-access-key] reason="not directly above"

resource "aws_iam_access_key" "c" {
  user = "c"
}
