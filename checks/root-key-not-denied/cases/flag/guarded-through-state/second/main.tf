terraform {
  backend "local" {
    path = "org.tfstate"
  }
}

resource "aws_organizations_organization" "this" {
  feature_set          = "ALL"
  enabled_policy_types = ["SERVICE_CONTROL_POLICY"]
}

output "root_id" {
  value = aws_organizations_organization.this.roots[0].id
}
