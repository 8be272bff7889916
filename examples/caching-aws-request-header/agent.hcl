# The same agent as in caching-aws, protected from requests that a web page or a careless proxy makes in the name of a user: every request must
# carry the header `X-Vault-Request: true`.
#
# not valid as it stands: vault.address needs the host of your server, and this listener has neither a certificate nor tls_disable = true.
# The agent tells both, with the cures.

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

  sink "file" {
    config = {
      path = "/home/ubuntu/vault-token-via-agent"
    }
  }
}

cache {
  use_auto_auth_token = true
}

listener "tcp" {
  address                = "127.0.0.1:8200"
  require_request_header = true
}

vault {
  address = "http://<vault-server-host>:8200"
}
