resource "null_resource" "key" {
  provisioner "local-exec" {
    command = <<-EOT
      aws iam create-access-key help
      aws iam create-access-key --generate-cli-skeleton
    EOT
  }
}
