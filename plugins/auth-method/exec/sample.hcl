auto_auth {
  method "exec" {
    mount_path = "auth/jwt"
    config = {
      command = ["/usr/local/bin/print-workload-token", "--audience", "vault"]
      format  = "jwt"
      role    = "app"
      timeout = "5s"
    }
  }

  sink "file" {
    config = {
      path = "/run/claviger/token"
    }
  }
}
