resource "random_password" "p" {
  length = 20
}

resource "aws_iam_user" "secret" {
  name = "secret"
}

output "secret" {
  value = nonsensitive(random_password.p.result)
}

variable "secret" {
  default = "aws_iam_access_key.ci.secret"
}

output "text" {
  value = var.secret
}
