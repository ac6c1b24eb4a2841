resource "time_rotating" "ci" {
  rotation_days = 30
}

resource "aws_iam_access_key" "ci" {
  user = "ci"

  lifecycle {
    replace_triggered_by = [time_rotating.ci.id]
  }
}
