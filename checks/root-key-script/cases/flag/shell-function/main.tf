resource "null_resource" "key" {
  provisioner "local-exec" {
    command = <<-EOT
      key() {
        aws iam create-access-key --user-name "$1"
      }
      key root
    EOT
  }
}
