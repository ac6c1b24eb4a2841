variable "migration_user" {
  description = "Who runs the database migrations."
  type        = string
  default     = "shop-migration"
}
