# rootlint: ignore[unrotated-access-key] reason="above the header"
resource "aws_iam_access_key" "a" {
  user = "a"
}

resource "aws_iam_access_key" "b" { # rootlint: ignore[unrotated-access-key] reason="in the header's line"
  user = "b"
}

resource "aws_iam_access_key" "c" {
  # rootlint: ignore[unrotated-access-key] reason="above the line"
  # and more about it
  user = "c"
}

resource "aws_iam_access_key" "d" {
  // rootlint: ignore-block[unrotated-access-key] reason="somewhere in the block"
  status = "Active"
  user   = "d"
}

/* rootlint: ignore-block[unrotated-access-key] reason="directly above" */
resource "aws_iam_access_key" "e" {
  for_each = toset(["x", "y"])
  user     = each.key
}

# rootlint: ignore[unrotated-access-key] reason="at the call"
module "m" {
  source = "./m"
  name   = "f"
}
