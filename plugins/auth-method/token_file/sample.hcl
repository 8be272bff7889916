auto_auth {
  method "token_file" {
    config = {
      token_file_path = "/etc/claviger/token"
    }
  }

  sink "file" {
    config = {
      path = "/run/claviger/token"
    }
  }
}
