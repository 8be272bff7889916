auto_auth {
  method "kubernetes" {
    mount_path = "auth/kubernetes"
    config = {
      role = "app"
    }
  }

  sink "file" {
    config = {
      path = "/run/claviger/token"
    }
  }
}
