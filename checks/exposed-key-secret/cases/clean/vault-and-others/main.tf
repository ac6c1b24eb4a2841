resource "aws_iam_access_key" "ci" {
  user = "ci"
}

resource "vault_kv_secret_v2" "v" {
  mount     = "kv"
  name      = "ci"
  data_json = jsonencode({ secret = aws_iam_access_key.ci.secret })
}

resource "aws_kms_ciphertext" "c" {
  key_id    = "k"
  plaintext = aws_iam_access_key.ci.secret
}

output "ciphertext" {
  value = aws_kms_ciphertext.c.ciphertext_blob
}

resource "kubernetes_manifest" "m" {
  manifest = {
    apiVersion = "v1"
    kind       = "Secret"
    stringData = { secret = aws_iam_access_key.ci.secret }
  }
}

resource "helm_release" "h" {
  name  = "h"
  chart = "c"
  set_sensitive {
    name  = "secret"
    value = aws_iam_access_key.ci.secret
  }
}
