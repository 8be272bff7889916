listener "unix" {
  address      = "/run/claviger/agent.sock"
  tls_disable  = true
  socket_mode  = "0660"
  socket_group = "app"
}
