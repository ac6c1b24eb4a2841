# The organization: who is in it, and where.

terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
  }
}

resource "aws_organizations_organization" "this" {
  feature_set          = "ALL"
  enabled_policy_types = ["SERVICE_CONTROL_POLICY"]
}

locals {
  root_id = aws_organizations_organization.this.roots[0].id
}

resource "aws_organizations_organizational_unit" "workloads" {
  name      = "workloads"
  parent_id = local.root_id
}

resource "aws_organizations_organizational_unit" "security" {
  name      = "security"
  parent_id = local.root_id
}

resource "aws_organizations_organizational_unit" "sandbox" {
  name      = "sandbox"
  parent_id = local.root_id
}

resource "aws_organizations_account" "this" {
  for_each = {
    shop        = aws_organizations_organizational_unit.workloads.id
    log-archive = aws_organizations_organizational_unit.security.id
    playground  = aws_organizations_organizational_unit.sandbox.id
  }

  name      = each.key
  email     = "aws+${each.key}@example.com"
  parent_id = each.value
}
