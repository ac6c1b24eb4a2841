module "parameter" {
  source = "./parameter"

  value = module.user.secret
}

module "user" {
  source = "./user"
}

module "safe" {
  source = "./safe"
  value  = module.user.secret
}

output "secret" {
  value = module.user.keys["ci"].secret
}
