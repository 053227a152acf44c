"""AWS Secrets Manager: secrets in versions, sealed under KMS, copied to Regions, deleted after a time to repent."""
