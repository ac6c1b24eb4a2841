variable "access_key" {
  default   = "AKIAQWERTYUIOPASDFGH"
  sensitive = true
}

provider "aws" {
  access_key = var.access_key
}
