resource "aws_cloudformation_stack_set" "keys" {
  name          = "keys"
  template_body = file("${path.module}/keys.yaml")
  parameters = {
    UserName = "root"
  }
}

resource "aws_cloudformation_stack" "encoded" {
  name = "encoded"
  template_body = jsonencode({
    Resources = {
      Key = {
        Type       = "AWS::IAM::AccessKey"
        Properties = { UserName = "root" }
      }
    }
  })
}
