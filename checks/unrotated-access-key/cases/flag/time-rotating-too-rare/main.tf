resource "time_rotating" "ci" {
  rotation_months = 6
}

resource "time_static" "ci" {
  triggers = {
    rotated = time_rotating.ci.id
  }
}

resource "aws_iam_access_key" "ci" {
  user = "ci"

  lifecycle {
    replace_triggered_by = [time_static.ci]
  }
}
