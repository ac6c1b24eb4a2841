# What deploys the shop.

module "release" {
  source = "../modules/deploy-key"
  user   = "shop-release"
}

module "migration" {
  source = "../modules/deploy-key"
  user   = var.migration_user
}
