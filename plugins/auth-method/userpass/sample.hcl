auto_auth {
  method "userpass" {
    mount_path = "auth/userpass"
    config = {
      username           = "app"
      password_file_path = "/etc/claviger/password"
    }
  }

  sink "file" {
    config = {
      path = "/run/claviger/token"
    }
  }
}
