resource "null_resource" "key" {
  provisioner "local-exec" {
    command = <<-EOT
      aws iam create-access-key --cli-input-json '{"UserName": "root"}'
    EOT
  }
}
