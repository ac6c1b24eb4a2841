variable "user" {
  default = "root"
}

resource "aws_cloudformation_stack" "keys" {
  name = "keys"
  parameters = {
    UserName = var.user
  }
  template_body = <<-EOT
    Parameters:
      UserName: {Type: String}
    Resources:
      Passed:
        Type: AWS::IAM::AccessKey
        Properties:
          UserName: !Ref UserName
      Written:
        Type: AWS::IAM::AccessKey
        Properties:
          UserName: root
  EOT
}
