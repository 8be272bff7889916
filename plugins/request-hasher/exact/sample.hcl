cache {
  request_hasher "exact" {
  }
}
