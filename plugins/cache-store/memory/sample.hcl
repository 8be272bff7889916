# Without a persist block the cache keeps its entries in memory.
cache {
}

listener "tcp" {
  address     = "127.0.0.1:8100"
  tls_disable = true
}
