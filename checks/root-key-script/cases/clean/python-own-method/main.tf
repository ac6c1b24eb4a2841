resource "null_resource" "key" {
  provisioner "local-exec" {
    command = "python3 ${path.module}/key.py"
  }
}
