resource "aws_iam_instance_profile" "a" {
  name = "a"
  role = "a"
}

resource "aws_instance" "a" {
  iam_instance_profile = aws_iam_instance_profile.a.name
  user_data            = "#!/bin/bash\naws iam create-access-key\n"
}
