# fragment: it needs plugin_directory, see agent.hcl
auto_auth {
  method "jwt-env" {
    config = {
      role     = "app"
      variable = "APP_JWT"
    }
  }

  sink "file" {
    config = {
      path = "/run/claviger/token"
    }
  }
}
