auto_auth {
  method "alicloud" {
    mount_path = "auth/alicloud"
    config = {
      role   = "app"
      region = "eu-central-1"
    }
  }

  sink "file" {
    config = {
      path = "/run/claviger/token"
    }
  }
}
