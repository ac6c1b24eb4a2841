module "backup" {
  source = "./user"
  name   = "backup"
}
