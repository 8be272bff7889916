auto_auth {
  method "kerberos" {
    mount_path = "auth/kerberos"
    config = {
      username      = "app"
      service       = "HTTP/vault.example.com"
      realm         = "EXAMPLE.COM"
      keytab_path   = "/etc/claviger/app.keytab"
      krb5conf_path = "/etc/krb5.conf"
    }
  }

  sink "file" {
    config = {
      path = "/run/claviger/token"
    }
  }
}
