resource "aws_iam_access_key" "ci" {
  user = "ci"
}

resource "vendor_integration" "v" {
  config = aws_iam_access_key.ci.secret
}

resource "vendor_integration" "w" {
  secret_access_key = aws_iam_access_key.ci.secret
}

module "elsewhere" {
  source = "vendor/secret/aws"
  value  = aws_iam_access_key.ci.secret
}

provider "vendor" {
  secret_key = aws_iam_access_key.ci.secret
}
