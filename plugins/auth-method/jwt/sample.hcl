auto_auth {
  method "jwt" {
    mount_path = "auth/jwt"
    config = {
      path                     = "/run/claviger/jwt"
      role                     = "app"
      remove_jwt_after_reading = false
    }
  }

  sink "file" {
    config = {
      path = "/run/claviger/token"
    }
  }
}
