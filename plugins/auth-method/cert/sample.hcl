auto_auth {
  method "cert" {
    mount_path = "auth/cert"
    config = {
      name        = "app"
      client_cert = "/etc/claviger/client.crt"
      client_key  = "/etc/claviger/client.key"
      reload      = true
    }
  }

  sink "file" {
    config = {
      path = "/run/claviger/token"
    }
  }
}
