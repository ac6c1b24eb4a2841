module "key" {
  source = "../../modules/key"
  owner  = "ci"
}
