auto_auth {
  method "kubernetes" {
    config = {
      role = "web"
    }
  }

  sink "kubernetes-secret" {
    config = {
      name = "vault-token"
      key  = "token"
    }
  }
}
