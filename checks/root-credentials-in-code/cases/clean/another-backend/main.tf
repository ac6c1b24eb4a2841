terraform {
  backend "gcs" {
    bucket  = "b"
    profile = "root"
  }
}

data "terraform_remote_state" "network" {
  backend = "http"
  config = {
    address  = "https://states"
    profile  = "root"
    username = "root"
  }
}
