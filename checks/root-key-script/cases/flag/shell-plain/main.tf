resource "null_resource" "key" {
  provisioner "local-exec" {
    command = <<-EOT
      set -e
      aws iam create-access-key > key.json
    EOT
  }
}
