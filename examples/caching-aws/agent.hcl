# An agent on an EC2 instance: logs in with the IAM role of the instance and serves the applications on it, which need no token.
#
# not valid as it stands: put the host of your server into vault.address (the agent tells). The aws method is understood, but this version
# cannot log in with it yet; until then use approle, jwt, kubernetes, cert or userpass.

exit_after_auth = false
pid_file        = "./pidfile"

auto_auth {
  method "aws" {
    mount_path = "auth/aws"
    config = {
      type = "iam"
      role = "app-role"
    }
  }

  # the token for programs that read it from a file
  sink "file" {
    config = {
      path = "/home/ubuntu/vault-token-via-agent"
    }
  }
}

# an old place: it counts like api_proxy.use_auto_auth_token
cache {
  use_auto_auth_token = true
}

listener "tcp" {
  address     = "127.0.0.1:8200"
  tls_disable = true
}

vault {
  address = "http://<vault-server-host>:8200"
}
