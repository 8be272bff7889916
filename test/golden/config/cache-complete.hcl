# Every key of vault.addresses, cache, persist and static_secrets, none of them at its default.
vault {
  address   = "https://a.example.com:8200"
  addresses = ["https://b.example.com:8200", "https://[2001:0db8::0001]:8200"]
  failover {
    check_interval = "5s"
    check_timeout  = "500ms"
    failures       = 3
    cool_down      = "1m"
  }
}

auto_auth {
  method "approle" {
    config = {
      role_id_file_path = "/etc/role-id"
    }
  }
}

api_proxy {
  use_auto_auth_token = true
}

cache {
  max_entries                     = 5000
  max_bytes                       = "64MiB"
  max_share_per_token             = 20
  refused_issue_rate              = 2.5
  revalidate_after                = "1m"
  login_max_age                   = "12h"
  disable_caching_dynamic_secrets = true

  path "database/creds/+" {
    cache = false
  }
  path "pki/*" {
    max_age = "10m"
  }

  static_secrets {
    ttl = "2m"
    path "secret/data/hot/*" {
      ttl = "5s"
    }
    path "secret/data/never" {
      ttl = 0
    }
    stale_while_revalidate      = "10s"
    stale_if_error              = "1h"
    capability_refresh_interval = "90s"
    capability_refresh_behavior = "pessimistic"
    version_poll                = "30s"
    prefetch                    = ["secret/data/app", "kv/team"]
  }

  persist "redis" {
    url               = "rediss://agent:hunter2@redis.example.com:6380"
    prefix            = "team"
    keep_after_import = true
    exit_on_err       = true
    sync              = "always"
    share             = true
    share_bound       = "3s"
    instance          = "web-1"
    key_provider "transit" {
      mount    = "seal"
      key_name = "claviger"
    }
    previous_key_provider "passphrase" {
      file = "/etc/claviger/passphrase"
    }
  }
}

listener "tcp" {
  address     = "127.0.0.1:8100"
  tls_disable = true
}

compat {
  key_beside_data = true
}
