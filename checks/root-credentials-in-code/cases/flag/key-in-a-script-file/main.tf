resource "null_resource" "sync" {
  provisioner "local-exec" {
    command = "sh ${path.module}/sync.sh"
  }
}
