variable "value" {}

resource "aws_ssm_parameter" "p" {
  name  = "p"
  type  = "String"
  value = var.value
}
