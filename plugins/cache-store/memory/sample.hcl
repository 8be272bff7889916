cache {
  persist "memory" {
  }
}
