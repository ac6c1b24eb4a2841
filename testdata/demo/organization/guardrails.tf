# No account's root user gets an access key. The sandbox came later, and nobody attached the policy there.

data "aws_iam_policy_document" "no_root_keys" {
  statement {
    sid       = "NoRootKeys"
    effect    = "Deny"
    actions   = ["iam:CreateAccessKey"]
    resources = ["*"]

    condition {
      test     = "ArnLike"
      variable = "aws:PrincipalArn"
      values   = ["arn:aws:iam::*:root"]
    }
  }
}

resource "aws_organizations_policy" "no_root_keys" {
  name    = "no-root-keys"
  content = data.aws_iam_policy_document.no_root_keys.json
}

resource "aws_organizations_policy_attachment" "no_root_keys" {
  for_each = {
    workloads = aws_organizations_organizational_unit.workloads.id
    security  = aws_organizations_organizational_unit.security.id
  }

  policy_id = aws_organizations_policy.no_root_keys.id
  target_id = each.value
}

# Old keys are reported, twice a year.
resource "aws_config_organization_managed_rule" "old_keys" {
  name             = "old-keys"
  rule_identifier  = "ACCESS_KEYS_ROTATED"
  input_parameters = jsonencode({ maxAccessKeyAge = "180" })
}
