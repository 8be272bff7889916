auto_auth {
  method "approle" {
    config = {
      role_id_file_path   = "/etc/claviger/role-id"
      secret_id_file_path = "/run/claviger/secret-id"
    }
  }

  sink "socket" {
    config = {
      path  = "/run/claviger/token.sock"
      mode  = 0660
      group = "app"
    }
  }
}
