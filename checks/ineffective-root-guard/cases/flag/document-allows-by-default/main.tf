data "aws_iam_policy_document" "root" {
  statement {
    sid       = "DenyRootAccount"
    actions   = ["*"]
    resources = ["*"]

    condition {
      test     = "StringLike"
      variable = "aws:PrincipalArn"
      values   = ["arn:aws:iam::*:root"]
    }
  }
}

resource "aws_organizations_policy" "root" {
  name    = "root"
  content = data.aws_iam_policy_document.root.json
}
