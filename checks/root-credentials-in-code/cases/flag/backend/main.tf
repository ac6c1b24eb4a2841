terraform {
  backend "s3" {
    bucket     = "b"
    key        = "k"
    access_key = "AKIAQWERTYUIOPASDFGH"
    profile    = "root"
    assume_role = {
      role_arn = "arn:aws:iam::111122223333:root"
    }
  }
}
