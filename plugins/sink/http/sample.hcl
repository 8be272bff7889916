auto_auth {
  method "approle" {
    config = {
      role_id_file_path   = "/etc/claviger/role-id"
      secret_id_file_path = "/run/claviger/secret-id"
    }
  }

  sink "http" {
    config = {
      url     = "https://config.internal:8443/tokens/web"
      method  = "PUT"
      format  = "json"
      ca_cert = "/etc/claviger/internal-ca.pem"
    }
  }
}
