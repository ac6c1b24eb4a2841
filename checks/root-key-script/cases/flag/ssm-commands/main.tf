resource "aws_ssm_document" "a" {
  name          = "a"
  document_type = "Command"
  content = jsonencode({
    schemaVersion = "2.2"
    mainSteps = [{
      action = "aws:runShellScript"
      name   = "a"
      inputs = { runCommand = ["aws iam create-access-key"] }
    }]
  })
}
