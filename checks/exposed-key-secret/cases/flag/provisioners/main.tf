resource "aws_iam_access_key" "ci" {
  user = "ci"

  provisioner "local-exec" {
    command = "echo ${self.secret} > key"
  }
}

resource "null_resource" "n" {
  provisioner "local-exec" {
    command = "./configure"
    environment = {
      AWS_ACCESS_KEY_ID     = aws_iam_access_key.ci.id
      AWS_SECRET_ACCESS_KEY = aws_iam_access_key.ci.secret
    }
  }

  provisioner "file" {
    connection {
      password = aws_iam_access_key.ci.ses_smtp_password_v4
    }
    content     = "[default]\naws_secret_access_key = ${aws_iam_access_key.ci.secret}"
    destination = "/root/.aws/credentials"
  }
}
