resource "aws_instance" "a" {
  user_data = <<-EOF
    #cloud-config
    write_files:
      - path: /opt/make.sh
        content: |
          #!/bin/sh
          aws iam create-access-key
    runcmd:
      - [sh, /opt/make.sh]
  EOF
}
