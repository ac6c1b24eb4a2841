resource "aws_sfn_state_machine" "a" {
  name     = "a"
  role_arn = "arn:aws:iam::111122223333:role/machine"
  definition = jsonencode({
    StartAt = "Key"
    States = {
      Key = {
        Type       = "Task"
        Resource   = "arn:aws:states:::aws-sdk:iam:createAccessKey"
        Parameters = {}
        End        = true
      }
    }
  })
}
