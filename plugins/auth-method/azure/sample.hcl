auto_auth {
  method "azure" {
    mount_path = "auth/azure"
    config = {
      role     = "app"
      resource = "https://vault.example.com"
    }
  }

  sink "file" {
    config = {
      path = "/run/claviger/token"
    }
  }
}
