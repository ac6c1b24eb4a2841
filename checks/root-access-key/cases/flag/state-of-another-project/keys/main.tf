data "terraform_remote_state" "users" {
  backend = "s3"
  config = {
    bucket = "example-states"
    key    = "users.tfstate"
  }
}

resource "aws_iam_access_key" "k" {
  user = data.terraform_remote_state.users.outputs.owner
}
