auto_auth {
  method "aws" {
    mount_path = "auth/aws"
    config = {
      type         = "iam"
      role         = "app"
      region       = "eu-west-1"
      header_value = "vault.example.com"
    }
  }

  sink "file" {
    config = {
      path = "/run/claviger/token"
    }
  }
}
