provider "aws" {
  access_key = "AKIAQWERTYUIOPASDFGH"
  secret_key = "abcdefghijklmnopqrstuvwxyz0123456789+/AB"
}

provider "aws" {
  alias      = "other"
  secret_key = "abcdefghijklmnopqrstuvwxyz0123456789+/AB"
  access_key = var.key
}

variable "key" {}
