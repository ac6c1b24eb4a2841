resource "aws_iam_user" "ci" {
  name = "ci"
}

resource "aws_iam_access_key" "ci" {
  user = aws_iam_user.ci.name
}

resource "aws_config_conformance_pack" "cis" {
  name            = "cis"
  template_s3_uri = "s3://packs/cis.yaml"
}
