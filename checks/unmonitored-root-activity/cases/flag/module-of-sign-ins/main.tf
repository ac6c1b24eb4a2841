provider "aws" {
  region = "us-east-1"
}

resource "aws_cloudtrail" "all" {
  name                  = "all"
  s3_bucket_name        = "trail-bucket"
  is_multi_region_trail = true
}

module "root_logins" {
  source         = "trussworks/root-login-notifications/aws"
  sns_topic_name = "security"
}
