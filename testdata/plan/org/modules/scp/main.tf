variable "target" {}
variable "name" {}
variable "except" {}
data "aws_iam_policy_document" "this" {
  statement {
    sid       = "DenyRoot"
    effect    = "Deny"
    actions   = ["iam:CreateAccessKey"]
    resources = ["*"]
    condition {
      test     = "ArnLike"
      variable = "aws:PrincipalArn"
      values   = ["arn:aws:iam::*:root"]
    }
    condition {
      test     = "StringNotEquals"
      variable = "aws:PrincipalAccount"
      values   = [var.except]
    }
  }
}
resource "aws_organizations_policy" "this" {
  name    = var.name
  content = data.aws_iam_policy_document.this.json
}
resource "aws_organizations_policy_attachment" "this" {
  policy_id = aws_organizations_policy.this.id
  target_id = var.target
}
output "policy_id" {
  value = aws_organizations_policy.this.id
}
