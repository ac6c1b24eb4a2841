resource "null_resource" "key" {
  provisioner "local-exec" {
    command = <<-EOT
      echo "run aws iam create-access-key by hand"
    EOT
  }
}
