module "function" {
  source = "./function"
  key    = "AKIAQWERTYUIOPASDFGH"
}
