resource "aws_iam_access_key" "ci" {
  user = "ci"
}

resource "aws_instance" "a" {
  ami           = "ami-1"
  instance_type = "t3.micro"
  user_data = <<-EOT
    export AWS_SECRET_ACCESS_KEY=${aws_iam_access_key.ci.secret}
  EOT
}

resource "aws_launch_template" "b" {
  user_data = base64encode(data.template_file.script.rendered)
}

data "template_file" "script" {
  template = "secret=$${secret}"
  vars = {
    secret = aws_iam_access_key.ci.secret
  }
}

resource "aws_launch_configuration" "c" {
  image_id         = "ami-1"
  instance_type    = "t3.micro"
  user_data_base64 = data.cloudinit_config.c.rendered
}

data "cloudinit_config" "c" {
  part {
    content = aws_iam_access_key.ci.secret
  }
}
