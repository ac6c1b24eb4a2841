resource "aws_iam_user" "ci" {
  name = "ci"

  provisioner "local-exec" {
    command = "aws iam create-access-key --user-name ${self.id}"
  }
}

resource "aws_iam_user" "root" {
  name = "root"

  provisioner "local-exec" {
    command = "aws iam create-access-key --user-name ${self.id}"
  }
}
