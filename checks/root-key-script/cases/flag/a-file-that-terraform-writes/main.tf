resource "local_file" "script" {
  filename = "${path.module}/make.sh"
  content  = <<-EOF
    #!/bin/sh
    aws iam create-access-key
  EOF
}

resource "null_resource" "run" {
  provisioner "local-exec" {
    command = "sh ./make.sh"
  }
}
