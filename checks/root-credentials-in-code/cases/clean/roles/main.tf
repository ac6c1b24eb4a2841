variable "account" {}

provider "aws" {
  assume_role {
    role_arn = "arn:aws:iam::${var.account}:role/root"
  }
}

provider "aws" {
  alias = "b"
  assume_role {
    role_arn = "arn:aws:iam::111122223333:role/deploy"
  }
}
