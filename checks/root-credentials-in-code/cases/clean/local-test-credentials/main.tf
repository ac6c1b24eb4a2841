provider "aws" {
  access_key                  = "mock_access_key"
  secret_key                  = "mock_secret_key"
  skip_credentials_validation = true
}

provider "aws" {
  alias      = "localstack"
  access_key = "test"
  secret_key = "test"
}
