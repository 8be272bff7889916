# One token for two listeners: a unix socket and a TCP port.
#
# not valid as it stands: wrap_ttl makes the agent hand out a wrapped token that it cannot use itself, so use_auto_auth_token cannot work.
# Remove one of the two; a wrap_ttl inside the sink block wraps only what that sink gets.

auto_auth {
  method {
    type     = "aws"
    wrap_ttl = 300
    config = {
      role = "foobar"
    }
  }

  sink {
    type = "file"
    config = {
      path = "/tmp/file-foo"
    }
  }
}

cache {
  use_auto_auth_token = true
}

listener "unix" {
  address     = "/path/to/socket"
  tls_disable = true
}

# the agent warns: this is also the address of the server
listener "tcp" {
  address     = "127.0.0.1:8200"
  tls_disable = true
}

vault {
  address = "http://127.0.0.1:8200"
}
