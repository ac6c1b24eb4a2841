variable "who" {
  default = "root"
}
resource "null_resource" "key" {
  provisioner "local-exec" {
    command = <<-EOT
      aws iam create-access-key --user-name=${var.who}
    EOT
  }
}
