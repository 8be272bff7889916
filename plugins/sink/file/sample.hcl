auto_auth {
  method "approle" {
    config = {
      role_id_file_path   = "/etc/claviger/role-id"
      secret_id_file_path = "/run/claviger/secret-id"
    }
  }

  sink "file" {
    config = {
      path  = "/run/claviger/token"
      mode  = 0640
      group = "app"
    }
  }
}
