variable "profile" {}

provider "aws" {
  profile = var.profile
}
