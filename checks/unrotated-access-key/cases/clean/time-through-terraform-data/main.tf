resource "time_rotating" "ci" {
  rotation_days = 45
}

resource "terraform_data" "rotated" {
  input = time_rotating.ci.id
}

resource "aws_iam_access_key" "ci" {
  user = "ci"

  lifecycle {
    replace_triggered_by = [terraform_data.rotated]
  }
}
