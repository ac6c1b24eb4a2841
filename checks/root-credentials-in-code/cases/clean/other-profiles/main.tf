provider "aws" {
  profile = "grassroots"
}

provider "aws" {
  alias   = "a"
  profile = "roots"
}

provider "aws" {
  alias   = "b"
  profile = "not-root"
}

provider "aws" {
  alias                    = "c"
  profile                  = "deploy"
  shared_credentials_files = ["/root/.aws/credentials"]
}

provider "azurerm" {
  alias   = "root"
  profile = "root"
}
