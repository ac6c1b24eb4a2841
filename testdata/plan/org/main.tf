variable "region" { default = "eu-west-1" }
variable "deploy_user" {}
variable "secret" {
  sensitive = true
}
provider "aws" {
  region = var.region
}
data "aws_caller_identity" "me" {}
resource "aws_organizations_organization" "org" {
  feature_set          = "ALL"
  enabled_policy_types = ["SERVICE_CONTROL_POLICY"]
}
resource "aws_organizations_organizational_unit" "team" {
  for_each  = toset(["a", "b"])
  name      = each.key
  parent_id = aws_organizations_organization.org.roots[0].id
}
module "guard" {
  source   = "./modules/scp"
  for_each = aws_organizations_organizational_unit.team
  target   = each.value.id
  name     = "guard-${each.key}"
  except   = data.aws_caller_identity.me.account_id
}
module "root_guard" {
  source = "./modules/scp"
  target = aws_organizations_organization.org.roots[0].id
  name   = "root"
  except = "111122223333"
}
resource "aws_iam_user" "ci" {
  name = var.deploy_user
}
resource "aws_iam_access_key" "ci" {
  user = aws_iam_user.ci.name
  lifecycle {
    replace_triggered_by = [terraform_data.clock]
  }
}
resource "terraform_data" "clock" {
  input = "v1"
  provisioner "local-exec" {
    command = "echo ${aws_iam_user.ci.name} ${self.id}"
  }
}
resource "aws_iam_access_key" "root" {
  user = "root"
}
resource "aws_secretsmanager_secret_version" "key" {
  secret_id     = "deploy"
  secret_string = "${var.secret}-${aws_iam_user.ci.name}"
}
resource "aws_iam_user" "late" {
  name = "late"
}
data "aws_iam_policy_document" "late" {
  statement {
    actions   = ["iam:UpdateAccessKey"]
    resources = [aws_iam_user.late.arn]
  }
}
resource "aws_iam_policy" "late" {
  name   = "late"
  policy = data.aws_iam_policy_document.late.json
}
removed {
  from = aws_iam_user.gone
  lifecycle {
    destroy = false
  }
}
