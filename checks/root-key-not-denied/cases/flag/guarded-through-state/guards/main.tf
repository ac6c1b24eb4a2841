data "terraform_remote_state" "org" {
  backend = "local"
  config = {
    path = "../first/org.tfstate"
  }
}

resource "aws_organizations_policy" "root" {
  name    = "root"
  content = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Deny", Action = "iam:CreateAccessKey", Resource = "*" }] })
}

resource "aws_organizations_policy_attachment" "root" {
  policy_id = aws_organizations_policy.root.id
  target_id = data.terraform_remote_state.org.outputs.root_id
}
