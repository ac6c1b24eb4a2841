resource "null_resource" "key" {
  provisioner "local-exec" {
    command = <<-EOT
      exit 0
      aws iam create-access-key
    EOT
  }
}
