module "ci" {
  source = "./modules/key"
  owner  = local.owner
}

module "backup" {
  source = "./modules/key"
  owner  = "backup"
}

locals {
  owner = "root"
}
