"""Terraform on keys and on what lies under them, and on the audit: no drift, no leftovers."""

from __future__ import annotations

import pytest

from clients.terraform import PROVIDER, Terraform, filled, imports
from cloud import CloudProcess

pytestmark = [pytest.mark.slow, pytest.mark.needs("terraform"), pytest.mark.timeout(900)]

KEYS = """
data "aws_caller_identity" "me" {}

data "aws_iam_policy_document" "key" {
  statement {
    sid       = "Account"
    actions   = ["kms:*"]
    resources = ["*"]
    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::${data.aws_caller_identity.me.account_id}:root"]
    }
  }
  statement {
    sid       = "Trail"
    actions   = ["kms:GenerateDataKey*", "kms:DescribeKey"]
    resources = ["*"]
    principals {
      type        = "Service"
      identifiers = ["cloudtrail.amazonaws.com"]
    }
  }
}

resource "aws_kms_key" "main" {
  description             = "Of the TEAM team"
  policy                  = data.aws_iam_policy_document.key.json
  deletion_window_in_days = 7
  enable_key_rotation     = true
  rotation_period_in_days = PERIOD
  tags                    = { team = "TEAM" }
}

resource "aws_kms_key" "signs" {
  description              = "Signs"
  key_usage                = "SIGN_VERIFY"
  customer_master_key_spec = "ECC_NIST_P256"
  deletion_window_in_days  = 7
}

resource "aws_kms_key" "spare" {
  deletion_window_in_days = 7
  is_enabled              = SPARE
}

resource "aws_kms_alias" "main" {
  name          = "alias/main"
  target_key_id = aws_kms_key.main.key_id
}

resource "aws_iam_role" "worker" {
  name = "worker"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "ec2.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}

resource "aws_kms_grant" "worker" {
  name              = "worker"
  key_id            = aws_kms_key.main.key_id
  grantee_principal = aws_iam_role.worker.arn
  operations        = ["Encrypt", "Decrypt", "GenerateDataKey"]
  constraints { encryption_context_equals = { team = "blue" } }
}

resource "aws_kms_ciphertext" "word" {
  key_id    = aws_kms_key.main.key_id
  plaintext = "WORD"
  context   = { of = "terraform" }
}

data "aws_kms_secrets" "word" {
  secret {
    name    = "word"
    payload = aws_kms_ciphertext.word.ciphertext_blob
    context = { of = "terraform" }
  }
}

data "aws_kms_alias" "main" { name = aws_kms_alias.main.name }
data "aws_kms_key" "main" { key_id = aws_kms_alias.main.name }
data "aws_kms_public_key" "signs" { key_id = aws_kms_key.signs.arn }

output "alias_of" { value = data.aws_kms_alias.main.target_key_arn }
output "key" { value = aws_kms_key.main.arn }
output "found" { value = data.aws_kms_key.main.arn }
output "word" {
  value     = data.aws_kms_secrets.word.plaintext["word"]
  sensitive = true
}
"""

SECRETS = """
resource "aws_secretsmanager_secret" "shop" {
  name                    = "shop"
  description             = "Of the TEAM team"
  kms_key_id              = aws_kms_key.main.arn
  recovery_window_in_days = 0
  tags                    = { team = "TEAM" }
}

resource "aws_secretsmanager_secret_version" "shop" {
  secret_id     = aws_secretsmanager_secret.shop.id
  secret_string = jsonencode({ password = "WORD" })
}

resource "aws_secretsmanager_secret_policy" "shop" {
  secret_arn = aws_secretsmanager_secret.shop.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Worker"
      Effect    = "Allow"
      Principal = { AWS = aws_iam_role.worker.arn }
      Action    = "secretsmanager:GetSecretValue"
      Resource  = "*"
    }]
  })
}

data "aws_secretsmanager_secret_version" "shop" {
  secret_id  = aws_secretsmanager_secret.shop.id
  depends_on = [aws_secretsmanager_secret_version.shop]
}

data "aws_secretsmanager_random_password" "any" { password_length = 24 }

resource "aws_ssm_parameter" "plain" {
  name            = "/shop/plain"
  description     = "Of the TEAM team"
  type            = "String"
  value           = "WORD"
  allowed_pattern = "^[a-z]+$"
  tags            = { team = "TEAM" }
}

resource "aws_ssm_parameter" "listed" {
  name  = "/shop/listed"
  type  = "StringList"
  value = "a,b,WORD"
  tier  = "Advanced"
}

resource "aws_ssm_parameter" "sealed" {
  name   = "/shop/sealed"
  type   = "SecureString"
  key_id = aws_kms_key.main.arn
  value  = "WORD"
}

resource "aws_ssm_parameter" "sealed_by_default" {
  name  = "sealed-by-default"
  type  = "SecureString"
  value = "WORD"
}

data "aws_ssm_parameter" "sealed" { name = aws_ssm_parameter.sealed.name }

data "aws_ssm_parameters_by_path" "shop" {
  path       = "/shop"
  recursive  = true
  depends_on = [aws_ssm_parameter.plain, aws_ssm_parameter.listed, aws_ssm_parameter.sealed]
}

output "names" { value = data.aws_ssm_parameters_by_path.shop.names }
output "secret" {
  value     = jsondecode(data.aws_secretsmanager_secret_version.shop.secret_string)["password"]
  sensitive = true
}
output "parameter" {
  value     = data.aws_ssm_parameter.sealed.value
  sensitive = true
}
"""

SEALED = """
resource "aws_s3_bucket" "sealed" {
  bucket        = "tf-sealed"
  force_destroy = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "sealed" {
  bucket = aws_s3_bucket.sealed.id
  rule {
    bucket_key_enabled = BUCKET_KEY
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.main.arn
    }
  }
}

resource "aws_s3_object" "sealed" {
  depends_on = [aws_s3_bucket_server_side_encryption_configuration.sealed]
  bucket     = aws_s3_bucket.sealed.id
  key        = "word.txt"
  content    = "WORD"
  kms_key_id = aws_kms_key.main.arn
}

resource "aws_sqs_queue" "sealed" {
  name                              = "sealed"
  kms_master_key_id                 = aws_kms_alias.main.name
  kms_data_key_reuse_period_seconds = REUSE
}
"""

TRAIL = """
resource "aws_s3_bucket" "trail" {
  bucket        = "tf-trail"
  force_destroy = true
}

data "aws_iam_policy_document" "trail" {
  statement {
    actions   = ["s3:GetBucketAcl"]
    resources = [aws_s3_bucket.trail.arn]
    principals {
      type        = "Service"
      identifiers = ["cloudtrail.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceArn"
      values   = ["arn:aws:cloudtrail:us-east-1:${data.aws_caller_identity.me.account_id}:trail/main"]
    }
  }
  statement {
    actions   = ["s3:PutObject"]
    resources = ["${aws_s3_bucket.trail.arn}/audit/AWSLogs/${data.aws_caller_identity.me.account_id}/*"]
    principals {
      type        = "Service"
      identifiers = ["cloudtrail.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "s3:x-amz-acl"
      values   = ["bucket-owner-full-control"]
    }
  }
}

resource "aws_s3_bucket_policy" "trail" {
  bucket = aws_s3_bucket.trail.id
  policy = data.aws_iam_policy_document.trail.json
}

resource "aws_cloudtrail" "main" {
  depends_on                    = [aws_s3_bucket_policy.trail]
  name                          = "main"
  s3_bucket_name                = aws_s3_bucket.trail.id
  s3_key_prefix                 = "audit"
  enable_log_file_validation    = true
  include_global_service_events = true
  is_multi_region_trail         = EVERYWHERE
  enable_logging                = LOGGING
  tags                          = { team = "TEAM" }
  event_selector {
    read_write_type           = "All"
    include_management_events = true
    data_resource {
      type   = "AWS::S3::Object"
      values = ["${aws_s3_bucket.sealed.arn}/"]
    }
  }
}
"""

EVERYTHING = PROVIDER + KEYS + SECRETS + SEALED + TRAIL

BEFORE = {
    "TEAM": "blue",
    "PERIOD": "365",
    "SPARE": "true",
    "WORD": "hello",
    "BUCKET_KEY": "true",
    "REUSE": "300",
    "EVERYWHERE": "false",
    "LOGGING": "true",
}
AFTER = {
    "TEAM": "red",
    "PERIOD": "180",
    "SPARE": "false",
    "WORD": "goodbye",
    "BUCKET_KEY": "false",
    "REUSE": "600",
    "EVERYWHERE": "true",
    "LOGGING": "false",
}


def test_keys_and_all_that_lies_under_them_are_made_changed_imported_and_destroyed_without_drift(
    terraform: Terraform, own_cloud: CloudProcess
) -> None:
    kms, ssm, s3 = (own_cloud.client(service) for service in ("kms", "ssm", "s3"))
    trails, secrets = own_cloud.client("cloudtrail"), own_cloud.client("secretsmanager")
    terraform.want(filled(EVERYTHING, BEFORE))
    outputs = terraform.apply()
    key = outputs["key"]
    assert outputs["found"] == outputs["alias_of"] == key
    assert outputs["word"] == outputs["secret"] == outputs["parameter"] == "hello"
    assert outputs["names"] == ["/shop/listed", "/shop/plain", "/shop/sealed"]
    assert s3.head_object(Bucket="tf-sealed", Key="word.txt")["SSEKMSKeyId"] == key
    assert secrets.describe_secret(SecretId="shop")["KmsKeyId"] == key
    assert trails.get_trail_status(Name="main")["IsLogging"] is True

    terraform.want(filled(EVERYTHING, AFTER))
    terraform.expect_changes()
    outputs = terraform.apply()
    assert outputs["word"] == outputs["secret"] == outputs["parameter"] == "goodbye"
    assert kms.get_key_rotation_status(KeyId=key)["RotationPeriodInDays"] == 180
    assert ssm.get_parameter(Name="/shop/plain")["Parameter"]["Version"] == 2
    assert trails.get_trail_status(Name="main")["IsLogging"] is False

    secret = secrets.describe_secret(SecretId="shop")["ARN"]
    imported = {
        "aws_kms_key.main": key.rpartition("/")[2],
        "aws_kms_alias.main": "alias/main",
        "aws_secretsmanager_secret.shop": secret,
        "aws_secretsmanager_secret_policy.shop": secret,
        "aws_ssm_parameter.sealed": "/shop/sealed",
        "aws_cloudtrail.main": "arn:aws:cloudtrail:us-east-1:000000000000:trail/main",
        "aws_sqs_queue.sealed": own_cloud.client("sqs").get_queue_url(QueueName="sealed")["QueueUrl"],
    }
    terraform.forget(*imported)
    terraform.want(filled(EVERYTHING, AFTER) + imports(imported))
    terraform.apply()

    terraform.destroy()
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingDeletion"
    assert trails.describe_trails()["trailList"] == []
    assert s3.list_buckets()["Buckets"] == []
    assert ssm.describe_parameters()["Parameters"] == []
    assert secrets.list_secrets()["SecretList"] == []
