resource "null_resource" "a" {
  provisioner "local-exec" {
    command = "./deploy.sh"
  }
}
