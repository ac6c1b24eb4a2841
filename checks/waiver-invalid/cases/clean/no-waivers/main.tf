# rootlint is a program
# see docs: rootlint: ignore[...] is written there
locals {
  text = "# rootlint: ignore[nothing]"
  here = <<-EOT
    # rootlint: ignore[nothing]
  EOT
}
