resource "aws_config_organization_conformance_pack" "cis" {
  name = "cis"

  excluded_accounts = ["111122223333"]

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
