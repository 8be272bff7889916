cache {
  request_hasher "canonical" {
  }
}
