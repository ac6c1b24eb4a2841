variable "user" {
  default = "root"
}

resource "null_resource" "key" {
  provisioner "local-exec" {
    command = <<-EOT
      python3 - <<'PY'
      import boto3
      boto3.client("iam").create_access_key(UserName="${var.user}")
      PY
    EOT
  }
}
