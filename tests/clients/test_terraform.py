"""Terraform with AWS's own provider: apply, no drift, change, destroy."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clients.install import Absent, provider_mirror
from clients.programs import Finished, missing_client, run

pytestmark = [pytest.mark.slow, pytest.mark.needs("terraform"), pytest.mark.timeout(600)]

QUEUES = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  region                      = "us-east-1"
  skip_region_validation      = true
  skip_requesting_account_id  = false
}

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


class Terraform:
    """Terraform in a folder, with its providers from a folder and from nowhere else."""

    def __init__(self, folder: Path, environment: dict[str, str], mirror: Path) -> None:
        self.folder = folder
        settings = folder / "settings.tfrc"
        settings.write_text(f'provider_installation {{\n  filesystem_mirror {{ path = "{mirror}" }}\n}}\n')
        self.environment = {
            **environment,
            "TF_CLI_CONFIG_FILE": str(settings),
            "TF_IN_AUTOMATION": "1",
            "CHECKPOINT_DISABLE": "1",
        }

    def __call__(self, *arguments: str, expected: int = 0) -> Finished:
        """Run it; the exit code has to be the expected one."""
        finished = run(["terraform", *arguments], self.environment, self.folder)
        assert finished.code == expected, f"terraform {' '.join(arguments)}:\n{finished.out}\n{finished.err}"
        return finished

    def describe(self, delay: int) -> None:
        """Write what is wanted."""
        (self.folder / "main.tf").write_text(QUEUES.replace("DELAY", str(delay)))


@pytest.fixture
def terraform(tmp_path: Path, environment: dict[str, str]) -> Terraform:
    try:
        mirror = provider_mirror()
    except Absent:
        missing_client("Terraform's AWS provider")
    folder = tmp_path / "terraform"
    folder.mkdir()
    return Terraform(folder, environment, mirror)


def test_queues_are_made_changed_and_destroyed_without_drift(terraform: Terraform) -> None:
    terraform.describe(delay=3)
    terraform("init", "-input=false", "-no-color")
    terraform("apply", "-auto-approve", "-input=false", "-no-color")
    outputs = json.loads(terraform("output", "-json").out)
    assert outputs["account"]["value"] == "000000000000"
    assert outputs["found"]["value"] == outputs["url"]["value"]
    terraform("plan", "-detailed-exitcode", "-input=false", "-no-color")

    terraform.describe(delay=9)
    terraform("plan", "-detailed-exitcode", "-input=false", "-no-color", expected=2)
    terraform("apply", "-auto-approve", "-input=false", "-no-color")
    terraform("plan", "-detailed-exitcode", "-input=false", "-no-color")

    terraform("destroy", "-auto-approve", "-input=false", "-no-color")
    assert terraform("state", "list").out.strip() == ""
