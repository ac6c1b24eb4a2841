resource "null_resource" "key" {
  provisioner "local-exec" {
    command = <<-EOT
      aws --profile root \
        iam create-access-key \
        --output json
    EOT
  }
}
