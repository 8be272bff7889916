auto_auth {
  method "userpass" {
    mount_path = "auth/userpass"
    config = {
      username                      = "app"
      password_file_path            = "/etc/claviger/password"
      remove_password_after_reading = false
    }
  }

  sink "file" {
    config = {
      path = "/run/claviger/token"
    }
  }
}
