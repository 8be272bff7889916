auto_auth {
  method "oci" {
    mount_path = "auth/oci"
    config = {
      type = "instance"
      role = "app"
    }
  }

  sink "file" {
    config = {
      path = "/run/claviger/token"
    }
  }
}
