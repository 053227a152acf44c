"""Terraform that assumes a role of the cloud, and may what the role may."""

from __future__ import annotations

import json

import pytest

from clients.terraform import PROVIDER, Terraform
from cloud import CloudProcess

pytestmark = [pytest.mark.slow, pytest.mark.needs("terraform"), pytest.mark.timeout(600)]

ROLE = "arn:aws:iam::000000000000:role/deployer"
ASSUMED = PROVIDER.replace(
    '  region                      = "us-east-1"\n',
    f"""  region                      = "us-east-1"
  assume_role {{
    role_arn     = "{ROLE}"
    session_name = "terraform"
    external_id  = "ours"
    duration     = "30m"
  }}
""",
)
QUEUE = """
data "aws_caller_identity" "me" {}
output "me" { value = data.aws_caller_identity.me.arn }

resource "aws_sqs_queue" "mine" { name = "deploy-mine" }
"""
OTHER = """
resource "aws_sqs_queue" "other" { name = "other" }
"""
ALLOWED = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "arn:aws:sqs:us-east-1:*:deploy-*"}],
}


@pytest.fixture
def deployer(own_cloud: CloudProcess, terraform: Terraform) -> None:
    """A role for queues of one prefix, and Terraform with the key of a user who may assume it and do nothing else."""
    iam = own_cloud.client("iam")
    user = iam.create_user(UserName="ci")["User"]["Arn"]
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": user},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"sts:ExternalId": "ours"}},
            }
        ],
    }
    iam.create_role(RoleName="deployer", AssumeRolePolicyDocument=json.dumps(trust))
    iam.put_role_policy(RoleName="deployer", PolicyName="queues", PolicyDocument=json.dumps(ALLOWED))
    key = iam.create_access_key(UserName="ci")["AccessKey"]
    terraform.environment["AWS_ACCESS_KEY_ID"] = key["AccessKeyId"]
    terraform.environment["AWS_SECRET_ACCESS_KEY"] = key["SecretAccessKey"]


@pytest.mark.usefixtures("deployer")
def test_a_queue_is_made_under_an_assumed_role_and_not_where_the_role_may_not(
    terraform: Terraform, own_cloud: CloudProcess
) -> None:
    sqs = own_cloud.client("sqs")
    terraform.want(ASSUMED + QUEUE)
    assert terraform.apply()["me"] == "arn:aws:sts::000000000000:assumed-role/deployer/terraform"

    terraform.want(ASSUMED + QUEUE + OTHER)
    said = terraform.fail_to_apply()
    assert "AccessDenied" in said
    assert "assumed-role/deployer/terraform is not authorized to perform: sqs:CreateQueue" in said
    assert [url.rpartition("/")[2] for url in sqs.list_queues()["QueueUrls"]] == ["deploy-mine"]

    terraform.want(ASSUMED + QUEUE)
    terraform.destroy()


@pytest.mark.usefixtures("deployer")
def test_without_the_external_id_of_its_trust_policy_a_role_is_not_assumed(terraform: Terraform) -> None:
    terraform.want(ASSUMED.replace('external_id  = "ours"', 'external_id  = "theirs"') + QUEUE)
    said = terraform.fail_to_apply()
    assert "Cannot assume IAM Role" in said
    assert "user/ci is not authorized to perform: sts:AssumeRole on resource: " + ROLE in said
