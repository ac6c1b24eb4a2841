resource "aws_iam_user" "ci" {
  name = "ci"
}

resource "aws_iam_access_key" "ci" {
  user = aws_iam_user.ci.name
}

resource "aws_cloudformation_stack" "keys" {
  name         = "keys"
  template_url = "https://bucket.s3.amazonaws.com/asa/ASA-iam-key-auto-rotation-and-notifier-solution.yaml"

  parameters = {
    DryRunFlag     = "False"
    RotationPeriod = 180
  }
}
