module "key" {
  source = "../../modules/key"
  owner  = "root"
}
