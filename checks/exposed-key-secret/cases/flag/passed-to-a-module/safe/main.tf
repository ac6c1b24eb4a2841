variable "value" {
  sensitive = true
}

resource "aws_ssm_parameter" "p" {
  name  = "p"
  type  = "SecureString"
  value = var.value
}
