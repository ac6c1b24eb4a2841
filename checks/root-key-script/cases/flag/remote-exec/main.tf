resource "aws_instance" "a" {
  ami           = "ami-1"
  instance_type = "t3.micro"

  provisioner "remote-exec" {
    inline = [
      "cd /tmp",
      "sudo aws iam create-access-key",
    ]
  }
}
