resource "time_rotating" "ci" {
  rotation_days = 30
}

resource "time_static" "ci" {
  rfc3339 = time_rotating.ci.rfc3339
}

resource "aws_iam_access_key" "ci" {
  user = "ci"

  lifecycle {
    replace_triggered_by = [time_static.ci]
  }
}
