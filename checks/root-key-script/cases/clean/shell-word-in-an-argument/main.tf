resource "null_resource" "key" {
  provisioner "local-exec" {
    command = <<-EOT
      grep -rn "aws iam create-access-key" .
      logger create-access-key
    EOT
  }
}
