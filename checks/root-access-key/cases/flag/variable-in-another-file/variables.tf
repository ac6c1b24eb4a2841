variable "key_owner" {
  type    = string
  default = "ci"
}
