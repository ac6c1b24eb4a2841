resource "aws_iam_user" "ci" {
  name = "ci"
}

resource "aws_iam_access_key" "ci" {
  user = aws_iam_user.ci.name
}

resource "aws_config_conformance_pack" "cis" {
  name = "cis"
  template_body = <<-EOT
    Parameters:
      MaxAge:
        Type: String
        Default: "90"
    Resources:
      OldKeys:
        Type: AWS::Config::ConfigRule
        Properties:
          ConfigRuleName: old-keys
          Source:
            Owner: AWS
            SourceIdentifier: ACCESS_KEYS_ROTATED
          InputParameters:
            maxAccessKeyAge: !Ref MaxAge
  EOT
}
