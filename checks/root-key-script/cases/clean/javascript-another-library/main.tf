resource "null_resource" "key" {
  provisioner "local-exec" {
    command = "node key.js"
  }
}
