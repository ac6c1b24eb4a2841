module "user" {
  source = "./user"
}

resource "aws_secretsmanager_secret_version" "s" {
  secret_id     = "s"
  secret_string = module.user.secret
}
