auto_auth {
  method "radius" {
    mount_path = "auth/radius"
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
