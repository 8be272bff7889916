auto_auth {
  method "oidc" {
    mount_path = "auth/jwt"
    config = {
      issuer             = "https://login.example.com/tenant"
      client_id          = "shop-agent"
      client_secret_file = "/etc/claviger/client-secret"
      audience           = "vault"
      role               = "app"
    }
  }

  sink "file" {
    config = {
      path = "/run/claviger/token"
    }
  }
}
