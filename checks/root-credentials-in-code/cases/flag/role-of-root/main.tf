provider "aws" {
  assume_role {
    role_arn = "arn:aws:iam::111122223333:root"
  }
}

variable "account" {}

provider "aws" {
  alias = "other"
  assume_role {
    role_arn = "arn:aws:iam::${var.account}:role/deploy"
  }

  assume_role {
    role_arn = "arn:aws:iam::${var.account}:root"
  }
}

terraform {
  backend "s3" {
    role_arn = "arn:aws:iam::111122223333:root"
    bucket   = "b"
    key      = "k"
  }
}
