variable "prod" {
  type = bool
}

provider "aws" {
  profile = var.prod ? "prod" : "test"
}
