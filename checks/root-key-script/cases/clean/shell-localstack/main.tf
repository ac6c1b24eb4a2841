resource "null_resource" "key" {
  provisioner "local-exec" {
    command = <<-EOT
      aws --endpoint-url=http://localhost:4566 iam create-access-key
      awslocal iam create-access-key
    EOT
  }
}
