auto_auth {
  method "gcp" {
    mount_path = "auth/gcp"
    config = {
      type = "gce"
      role = "app"
    }
  }

  sink "file" {
    config = {
      path = "/run/claviger/token"
    }
  }
}
