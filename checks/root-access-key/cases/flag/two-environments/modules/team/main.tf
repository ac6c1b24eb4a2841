module "first" {
  source = "../key"
  owner  = "root"
}

module "second" {
  source = "../key"
  owner  = "ci"
}
