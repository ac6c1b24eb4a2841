data "external" "key" {
  program = ["bash", "${path.module}/key.sh"]
}
