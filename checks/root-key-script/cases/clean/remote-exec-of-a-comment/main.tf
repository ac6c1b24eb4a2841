resource "null_resource" "a" {
  provisioner "remote-exec" {
    inline = ["# aws iam create-access-key", "true"]
  }
}
