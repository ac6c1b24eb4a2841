data "aws_organizations_organization" "this" {}
