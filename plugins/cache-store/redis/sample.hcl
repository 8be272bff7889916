auto_auth {
  method "approle" {
    config = {
      role_id_file_path   = "/etc/claviger/role-id"
      secret_id_file_path = "/etc/claviger/secret-id"
    }
  }
}

api_proxy {
  use_auto_auth_token = true
}

cache {
  persist "redis" {
    url           = "rediss://redis.example.com:6380"
    prefix        = "claviger-web"
    username      = "claviger"
    password_file = "/etc/claviger/redis-password"
    share         = true

    key_provider "file" {
      path = "/etc/claviger/cache.key"
    }
  }
}

listener "tcp" {
  address     = "127.0.0.1:8100"
  tls_disable = true
}
