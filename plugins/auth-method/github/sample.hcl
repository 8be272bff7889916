auto_auth {
  method "github" {
    mount_path = "auth/github"
    config = {
      token_file_path            = "/run/secrets/github-token"
      remove_token_after_reading = false
    }
  }

  sink "file" {
    config = {
      path = "/run/claviger/token"
    }
  }
}
