resource "aws_iam_user" "ci" {
  name = "ci"
}

resource "aws_iam_access_key" "ci" {
  user = aws_iam_user.ci.name
}

resource "aws_controltower_control" "old_keys" {
  control_identifier = "arn:aws:controltower:eu-west-1::control/SH.IAM.3"
  target_identifier  = "arn:aws:organizations::111122223333:ou/o-a1b2c3d4e5/ou-ab12-11111111"
}
