# The root of all keys.
resource "aws_iam_access_key" "rooter" {
  user = "rooter"
}

resource "aws_iam_access_key" "chroot" {
  user = "chroot"
}

resource "aws_iam_access_key" "grassroots" {
  user = "grassroots-ci"
}

locals {
  notes = <<-EOT
    user = "root"
  EOT
}
