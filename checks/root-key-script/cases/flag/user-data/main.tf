resource "aws_instance" "a" {
  ami           = "ami-1"
  instance_type = "t3.micro"
  user_data = <<-EOF
    #!/bin/bash
    aws iam create-access-key | tee /root/key
  EOF
}
