resource "terraform_data" "key" {
  provisioner "local-exec" {
    interpreter = ["/bin/bash", "-c"]
    command     = "bash -c \"aws iam create-access-key\""
  }
}
