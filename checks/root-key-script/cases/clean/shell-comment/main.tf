resource "null_resource" "key" {
  provisioner "local-exec" {
    command = <<-EOT
      # aws iam create-access-key
      aws s3 ls
    EOT
  }
}
