module "m" {
  source = "./m"
  name   = "f"
}
