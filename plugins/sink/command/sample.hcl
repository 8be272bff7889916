auto_auth {
  method "approle" {
    config = {
      role_id_file_path   = "/etc/claviger/role-id"
      secret_id_file_path = "/run/claviger/secret-id"
    }
  }

  sink "command" {
    config = {
      argv    = ["/usr/local/bin/store-token", "--stdin"]
      timeout = "10s"
    }
  }
}
