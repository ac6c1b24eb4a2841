terraform {
  backend "s3" {
    bucket = "example-states"
    key    = "users.tfstate"
  }
}

output "owner" {
  value = "root"
}
