resource "null_resource" "key" {
  provisioner "local-exec" {
    command = "${path.module}/scripts/make.sh"
  }
}
