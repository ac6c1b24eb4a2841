resource "null_resource" "key" {
  provisioner "local-exec" {
    command = <<-EOT
      cat > README.md <<'EOF'
      aws iam create-access-key
      EOF
    EOT
  }
}
