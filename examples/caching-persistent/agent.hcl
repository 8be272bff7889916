# An agent beside an application in a Kubernetes pod: logs in with the service account and keeps its cache in a volume of the pod, so that the
# next container (after an init container, or after a restart) finds it again. The store is sealed with a key bound to the service account.

auto_auth {
  method "kubernetes" {
    config = {
      role = "foobar"
    }
  }

  sink "file" {
    config = {
      path = "/tmp/file-foo"
    }
  }
}

cache {
  use_auto_auth_token = true

  persist "kubernetes" {
    path = "/vault/agent-cache"
  }
}

# the agent warns: this is also the address of the server
listener "tcp" {
  address     = "127.0.0.1:8200"
  tls_disable = true
}

vault {
  address = "http://127.0.0.1:8200"
}
