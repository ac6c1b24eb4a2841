module "network" {
  source  = "./network"
  profile = "root"
}
