resource "null_resource" "key" {
  provisioner "local-exec" {
    command = <<-EOT
      aws iam create-access-key --user-name chroot-builder || true
      aws iam delete-access-key --user-name chroot-builder --access-key-id "$OLD"
    EOT
  }
}
