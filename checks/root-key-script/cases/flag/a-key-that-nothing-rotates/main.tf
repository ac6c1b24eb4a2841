resource "aws_iam_user" "ci" {
  name = "ci"
}

resource "null_resource" "key" {
  provisioner "local-exec" {
    command = <<-EOT
      aws iam create-access-key --user-name ${aws_iam_user.ci.name}
      aws iam create-access-key
    EOT
  }
}
