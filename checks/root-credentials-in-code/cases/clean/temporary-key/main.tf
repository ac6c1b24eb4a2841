provider "aws" {
  access_key = "ASIAQWERTYUIOPASDFGH"
  secret_key = "abcdefghijklmnopqrstuvwxyz0123456789+/AB"
  token      = "session"
}
