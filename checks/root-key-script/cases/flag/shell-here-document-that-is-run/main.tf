resource "null_resource" "key" {
  provisioner "local-exec" {
    command = <<-EOT
      bash -s <<'EOF'
      aws iam create-access-key
      EOF
    EOT
  }
}
