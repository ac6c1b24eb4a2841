resource "null_resource" "sync" {
  provisioner "local-exec" {
    command = <<-EOT
      aws s3 sync . s3://site --profile root
    EOT
  }
}
