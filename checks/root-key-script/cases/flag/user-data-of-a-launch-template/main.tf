resource "aws_launch_template" "a" {
  user_data = base64encode(<<-EOF
    #!/bin/bash
    aws iam create-access-key
  EOF
  )
}
