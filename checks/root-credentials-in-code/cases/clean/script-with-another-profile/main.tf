resource "null_resource" "sync" {
  provisioner "local-exec" {
    command = "AWS_PROFILE=grassroots aws s3 sync . s3://site --profile deploy-root-site # --profile root"
  }
}
