data "terraform_remote_state" "writer" {
  backend = "s3"
  config = {
    bucket = "states"
    key    = "writer"
    region = "eu-west-1"
  }
}

resource "local_file" "f" {
  filename = "f"
  content  = data.terraform_remote_state.writer.outputs.secret
}
