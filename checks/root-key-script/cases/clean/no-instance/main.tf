resource "null_resource" "key" {
  count = 0

  provisioner "local-exec" {
    command = "aws iam create-access-key"
  }
}
