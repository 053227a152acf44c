"""Terraform with AWS's own provider: apply, no drift, change, destroy."""

from __future__ import annotations

import pytest

from clients.terraform import PROVIDER, Terraform
from cloud import CloudProcess

pytestmark = [pytest.mark.slow, pytest.mark.needs("terraform"), pytest.mark.timeout(600)]

QUEUES = (
    PROVIDER
    + """
resource "aws_sqs_queue" "dead" {
  name                      = "orders-dead"
  message_retention_seconds = 1209600
}

resource "aws_sqs_queue" "orders" {
  name                       = "orders"
  delay_seconds              = DELAY
  visibility_timeout_seconds = 45
  receive_wait_time_seconds  = 5
  max_message_size           = 2048
  sqs_managed_sse_enabled    = false
  redrive_policy = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead.arn, maxReceiveCount = 4 })
  tags = { team = "blue", stage = "test" }
}

resource "aws_sqs_queue_redrive_allow_policy" "dead" {
  queue_url            = aws_sqs_queue.dead.id
  redrive_allow_policy = jsonencode({ redrivePermission = "byQueue", sourceQueueArns = [aws_sqs_queue.orders.arn] })
}

resource "aws_sqs_queue" "ordered" {
  name                        = "ordered.fifo"
  fifo_queue                  = true
  content_based_deduplication = true
  deduplication_scope         = "messageGroup"
  fifo_throughput_limit       = "perMessageGroupId"
  sqs_managed_sse_enabled     = false
}

resource "aws_sqs_queue_policy" "orders" {
  queue_url = aws_sqs_queue.orders.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "others"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::111122223333:root" }
      Action    = "sqs:SendMessage"
      Resource  = aws_sqs_queue.orders.arn
    }]
  })
}

data "aws_caller_identity" "me" {}
data "aws_sqs_queue" "orders" { name = aws_sqs_queue.orders.name }
output "account" { value = data.aws_caller_identity.me.account_id }
output "found" { value = data.aws_sqs_queue.orders.url }
output "url" { value = aws_sqs_queue.orders.id }
"""
)

BUCKETS = (
    PROVIDER
    + """
resource "aws_s3_bucket" "data" {
  bucket        = "tf-data"
  force_destroy = true
  tags          = { team = "blue", stage = "é" }
}

resource "aws_s3_bucket_versioning" "data" {
  bucket = aws_s3_bucket.data.id
  versioning_configuration { status = "VERSIONING" }
}

resource "aws_s3_bucket_ownership_controls" "data" {
  bucket = aws_s3_bucket.data.id
  rule { object_ownership = "BucketOwnerPreferred" }
}

resource "aws_s3_bucket_public_access_block" "data" {
  bucket                  = aws_s3_bucket.data.id
  block_public_acls       = false
  ignore_public_acls      = false
  block_public_policy     = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_acl" "data" {
  depends_on = [aws_s3_bucket_ownership_controls.data, aws_s3_bucket_public_access_block.data]
  bucket     = aws_s3_bucket.data.id
  acl        = "private"
}

resource "aws_s3_bucket_server_side_encryption_configuration" "data" {
  bucket = aws_s3_bucket.data.id
  rule {
    apply_server_side_encryption_by_default { sse_algorithm = "AES256" }
  }
}

resource "aws_s3_bucket_cors_configuration" "data" {
  bucket = aws_s3_bucket.data.id
  cors_rule {
    allowed_methods = ["GET", "PUT"]
    allowed_origins = ["https://example.com"]
    allowed_headers = ["*"]
    expose_headers  = ["ETag"]
    max_age_seconds = 300
  }
}

resource "aws_s3_bucket_policy" "data" {
  bucket = aws_s3_bucket.data.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "others"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::111122223333:root" }
      Action    = ["s3:GetObject", "s3:ListBucket"]
      Resource  = [aws_s3_bucket.data.arn, "${aws_s3_bucket.data.arn}/*"]
    }]
  })
}

resource "aws_s3_object" "words" {
  depends_on = [aws_s3_bucket_versioning.data, aws_s3_bucket_ownership_controls.data]
  bucket       = aws_s3_bucket.data.id
  key          = "words.txt"
  content      = "WORDS"
  content_type = "text/plain"
  metadata     = { who = "terraform" }
  tags         = { stage = "é" }
  acl          = "bucket-owner-full-control"
}

resource "aws_s3_object" "large" {
  depends_on = [aws_s3_bucket_versioning.data, aws_s3_bucket_ownership_controls.data]
  bucket = aws_s3_bucket.data.id
  key    = "folder/a name & more.bin"
  source = "large.bin"
}

resource "aws_s3_object_copy" "words" {
  depends_on = [aws_s3_object.words]
  bucket = aws_s3_bucket.data.id
  key    = "copied/words.txt"
  source = "${aws_s3_bucket.data.id}/words.txt"
  tags   = { stage = "copied" }

  tagging_directive = "REPLACE"
}

resource "aws_sqs_queue" "news" {
  name                    = "news"
  sqs_managed_sse_enabled = false
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "s3.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = "arn:aws:sqs:us-east-1:000000000000:news"
      Condition = { ArnEquals = { "aws:SourceArn" = aws_s3_bucket.data.arn } }
    }]
  })
}

resource "aws_s3_bucket_notification" "news" {
  bucket = aws_s3_bucket.data.id
  queue {
    queue_arn     = aws_sqs_queue.news.arn
    events        = ["s3:ObjectCreated:*"]
    filter_prefix = "folder/"
  }
}

data "aws_s3_object" "words" {
  bucket     = aws_s3_bucket.data.id
  key        = aws_s3_object.words.key
  depends_on = [aws_s3_object.words]
}

data "aws_s3_objects" "all" {
  bucket     = aws_s3_bucket.data.id
  depends_on = [aws_s3_object.words, aws_s3_object.large, aws_s3_object_copy.words]
}

output "domain" { value = aws_s3_bucket.data.bucket_domain_name }
output "read" { value = data.aws_s3_object.words.body }
output "found" { value = data.aws_s3_objects.all.keys }
output "large" { value = aws_s3_object.large.etag }
"""
)

IMPORTED = (
    PROVIDER
    + """
resource "aws_s3_bucket" "mine" {
  bucket        = "by-hand"
  force_destroy = false
  tags          = { by = "hand" }
}
"""
)


def test_queues_are_made_changed_and_destroyed_without_drift(terraform: Terraform) -> None:
    terraform.want(QUEUES.replace("DELAY", "3"))
    outputs = terraform.apply()
    assert outputs["account"] == "000000000000"
    assert outputs["found"] == outputs["url"]

    terraform.want(QUEUES.replace("DELAY", "9"))
    terraform.expect_changes()
    terraform.apply()

    terraform.destroy()


def test_buckets_are_made_changed_and_destroyed_without_drift(terraform: Terraform, own_cloud: CloudProcess) -> None:
    s3 = own_cloud.client("s3", account="test")
    (terraform.folder / "large.bin").write_bytes(bytes(range(256)) * 4096 * 6)
    terraform.want(BUCKETS.replace("VERSIONING", "Enabled").replace("WORDS", "hello"))
    outputs = terraform.apply()
    assert outputs["domain"] == "tf-data.s3.amazonaws.com"
    assert outputs["read"] == "hello"
    assert outputs["found"] == ["copied/words.txt", "folder/a name & more.bin", "words.txt"]
    assert outputs["large"].endswith("-2")
    large = s3.get_object(Bucket="tf-data", Key="folder/a name & more.bin")
    assert large["Body"].read() == (terraform.folder / "large.bin").read_bytes()
    assert s3.get_bucket_versioning(Bucket="tf-data")["Status"] == "Enabled"
    assert s3.get_bucket_cors(Bucket="tf-data")["CORSRules"][0]["AllowedOrigins"] == ["https://example.com"]
    assert s3.get_object_tagging(Bucket="tf-data", Key="words.txt")["TagSet"] == [{"Key": "stage", "Value": "é"}]

    terraform.want(BUCKETS.replace("VERSIONING", "Suspended").replace("WORDS", "goodbye"))
    terraform.expect_changes()
    assert terraform.apply()["read"] == "goodbye"
    assert s3.get_bucket_versioning(Bucket="tf-data")["Status"] == "Suspended"

    terraform.destroy()
    assert s3.list_buckets()["Buckets"] == []


def test_a_bucket_that_is_there_is_imported_without_drift(terraform: Terraform, own_cloud: CloudProcess) -> None:
    s3 = own_cloud.client("s3", account="test")
    s3.create_bucket(Bucket="by-hand")
    s3.put_bucket_tagging(Bucket="by-hand", Tagging={"TagSet": [{"Key": "by", "Value": "hand"}]})
    terraform.want(IMPORTED)
    terraform("import", "-input=false", "-no-color", "aws_s3_bucket.mine", "by-hand")
    terraform.expect_no_changes()
