resource "aws_organizations_organization" "this" {
  feature_set          = "ALL"
  enabled_policy_types = ["SERVICE_CONTROL_POLICY"]
}

resource "aws_organizations_organizational_unit" "prod" {
  name      = "prod"
  parent_id = aws_organizations_organization.this.roots[0].id
}

data "aws_region" "current" {}

resource "aws_controltower_control" "keys" {
  control_identifier = "arn:aws:controltower:${data.aws_region.current.name}::control/AWS-GR_RESTRICT_ROOT_USER_ACCESS_KEYS"
  target_identifier  = aws_organizations_organizational_unit.prod.arn
}
