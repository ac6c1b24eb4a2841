variable "profile" {
  default = "deploy"
}

variable "other" {
  default = "root"
}

locals {
  other = lower(var.other)
}

provider "aws" {
  profile = var.profile
}
provider "aws" {
  alias   = "other"
  profile = local.other
}
