# fragment: plugin_directory counts from the folder in which the agent is started; here that is the parent of plugin-jwt-env

plugin_directory = "./plugin-jwt-env"

# Optional: refuse the plugin when its code is not the one that was reviewed.
# plugin "jwt-env" {
#   sha256 = "<sha256sum of index.js>"
# }

vault {
  address = "http://127.0.0.1:8200"
}

auto_auth {
  method "jwt-env" {
    config = {
      role = "app"
    }
  }

  sink "file" {
    config = {
      path = "token"
    }
  }
}

api_proxy {
  use_auto_auth_token = true
}

cache {
}

listener "tcp" {
  address     = "127.0.0.1:8100"
  tls_disable = true
}
