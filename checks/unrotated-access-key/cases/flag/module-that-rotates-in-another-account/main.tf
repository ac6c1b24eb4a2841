provider "aws" {
  assume_role {
    role_arn = "arn:aws:iam::111122223333:role/deploy"
  }
}

provider "aws" {
  alias = "security"

  assume_role {
    role_arn = "arn:aws:iam::444455556666:role/deploy"
  }
}

resource "aws_iam_user" "ci" {
  name = "ci"
}

resource "aws_iam_access_key" "ci" {
  user = aws_iam_user.ci.name
}

module "rotator" {
  source         = "git::https://github.com/skildops/aws-iam-key-rotator.git//terraform"
  mail_from      = "keys@example.com"
  access_key_age = 60

  providers = {
    aws = aws.security
  }
}
