# fragment: it needs plugin_directory, see README.md
cache {
  persist "lmdb" {
    path = "/var/lib/claviger/lmdb"
  }
}

listener "tcp" {
  address     = "127.0.0.1:8100"
  tls_disable = true
}
