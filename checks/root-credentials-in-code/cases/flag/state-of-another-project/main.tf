data "terraform_remote_state" "network" {
  backend = "s3"
  config = {
    bucket     = "b"
    key        = "k"
    region     = "eu-west-1"
    profile    = "root"
    access_key = "AKIAQWERTYUIOPASDFGH"
  }
}
