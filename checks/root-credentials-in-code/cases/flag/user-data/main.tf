resource "aws_instance" "a" {
  ami           = "ami-1"
  instance_type = "t3.micro"
  user_data = <<-EOT
    #!/bin/sh
    export AWS_ACCESS_KEY_ID=AKIAQWERTYUIOPASDFGH
    export AWS_SECRET_ACCESS_KEY=abcdefghijklmnopqrstuvwxyz0123456789+/AB
  EOT
}

resource "aws_launch_template" "b" {
  user_data = base64encode(
    <<-EOT
      aws configure set aws_access_key_id AKIAQWERTYUIOPASDFGH
    EOT
  )
}

resource "null_resource" "n" {
  provisioner "local-exec" {
    environment = {
      AWS_ACCESS_KEY_ID = "AKIAQWERTYUIOPASDFGH"
    }
    command = "./deploy"
  }
}

resource "aws_launch_configuration" "c" {
  user_data_base64 = "IyEvYmluL3NoCmV4cG9ydCBBV1NfQUNDRVNTX0tFWV9JRD1BS0lBUVdFUlRZVUlPUEFTREZHSAo="
}
