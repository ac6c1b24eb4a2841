module "user" {
  source = "terraform-aws-modules/iam/aws//modules/iam-user"
  name   = "ci"
}

output "secret" {
  value = module.user.iam_access_key_secret
}

output "id" {
  value = module.user.iam_access_key_id
}
