resource "aws_organizations_organization" "this" {
  feature_set          = "ALL"
  enabled_policy_types = ["SERVICE_CONTROL_POLICY"]
}

resource "aws_organizations_policy" "a" {
  name    = "a"
  content = <<-JSON
    {
      "Version": "2012-10-17",
      "Statement": [{"Effect": "Deny", "Action": "iam:CreateAccessKey", "Resource": "*", "Condition": {"Null": {"aws:MultiFactorAuthPresent": "true"}}}]
    }
  JSON
}

resource "aws_organizations_policy" "b" {
  name    = "b"
  content = <<-JSON
    {
      "Version": "2012-10-17",
      "Statement": [{"Effect": "Deny", "Action": "iam:CreateAccessKey", "Resource": "*", "Condition": {"Null": {"aws:MultiFactorAuthPresent": "false"}}}]
    }
  JSON
}

resource "aws_organizations_policy_attachment" "a" {
  policy_id = aws_organizations_policy.a.id
  target_id = aws_organizations_organization.this.roots[0].id
}

resource "aws_organizations_policy_attachment" "b" {
  policy_id = aws_organizations_policy.b.id
  target_id = aws_organizations_organization.this.roots[0].id
}
