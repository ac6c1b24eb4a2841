resource "aws_cloudformation_stack" "keys" {
  name = "keys"
  parameters = {
    UserName = "deployer"
  }
  template_body = file("${path.module}/keys.yaml")
}

resource "aws_cloudformation_stack" "none" {
  count         = 0
  name          = "none"
  template_body = file("${path.module}/keys.yaml")
}
