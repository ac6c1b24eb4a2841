resource "null_resource" "key" {
  provisioner "local-exec" {
    command = <<-EOT
      aws opsworks create-access-key
      doctl access create-access-key
      gcloud iam create-access-key
      az iam create-access-key
    EOT
  }
}
