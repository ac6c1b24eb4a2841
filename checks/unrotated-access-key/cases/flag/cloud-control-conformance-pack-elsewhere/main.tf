resource "aws_iam_user" "ci" {
  name = "ci"
}

resource "aws_iam_access_key" "ci" {
  user = aws_iam_user.ci.name
}

resource "awscc_config_organization_conformance_pack" "cis" {
  organization_conformance_pack_name = "cis"
  template_s3_uri                    = "s3://packs/cis.yaml"
}
