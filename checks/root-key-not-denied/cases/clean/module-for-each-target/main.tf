resource "aws_organizations_organization" "this" {
  feature_set          = "ALL"
  enabled_policy_types = ["SERVICE_CONTROL_POLICY"]
}

module "guard" {
  source   = "./guard"
  for_each = toset([aws_organizations_organization.this.roots[0].id])
  target   = each.key
}
