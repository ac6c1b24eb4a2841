resource "null_resource" "key" {
  provisioner "local-exec" {
    command = <<-EOT
      HINT="aws iam create-access-key"
      printf "%s" "$HINT"
    EOT
  }
}
