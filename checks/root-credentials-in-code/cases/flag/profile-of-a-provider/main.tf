provider "aws" {
  profile = "root"
}

provider "aws" {
  alias                    = "other"
  profile                  = "Root-Account"
  shared_credentials_files = ["/root/.aws/credentials"]
}

provider "awscc" {
  profile = "aws_root"
}
