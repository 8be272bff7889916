auto_auth {
  method "ldap" {
    mount_path = "auth/ldap"
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
