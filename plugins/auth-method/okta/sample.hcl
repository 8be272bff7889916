auto_auth {
  method "okta" {
    mount_path = "auth/okta"
    config = {
      username              = "app@example.com"
      password_file_path    = "/etc/claviger/password"
      totp_secret_file_path = "/etc/claviger/totp-secret"
    }
  }

  sink "file" {
    config = {
      path = "/run/claviger/token"
    }
  }
}
