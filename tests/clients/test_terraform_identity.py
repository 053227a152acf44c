"""Terraform on IAM: whatever belongs to an identity is made, changed, imported and destroyed without drift."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from clients.terraform import PROVIDER, Terraform, filled, imports
from cloud import CloudProcess

pytestmark = [pytest.mark.slow, pytest.mark.needs("terraform"), pytest.mark.timeout(900)]

DOCUMENTS = """
data "aws_caller_identity" "me" {}

data "aws_iam_policy_document" "reads" {
  statement {
    sid       = "Reads"
    actions   = READS
    resources = ["arn:aws:sqs:us-east-1:${data.aws_caller_identity.me.account_id}:*"]
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
    principals {
      type        = "AWS"
      identifiers = [aws_iam_user.ci.arn]
    }
  }
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]
    principals {
      type        = "Federated"
      identifiers = [aws_iam_openid_connect_provider.forge.arn]
    }
    condition {
      test     = "StringEquals"
      variable = "token.actions.example.com:aud"
      values   = ["sts.amazonaws.com"]
    }
  }
}
"""

USERS = """
resource "aws_iam_user" "ci" {
  name                 = "ci"
  path                 = "/machines/"
  permissions_boundary = aws_iam_policy.reads.arn
  tags                 = { team = "TEAM" }
}

resource "aws_iam_access_key" "ci" {
  user   = aws_iam_user.ci.name
  status = "KEY_STATUS"
}

resource "aws_iam_user_policy" "ci" {
  name   = "own"
  user   = aws_iam_user.ci.name
  policy = data.aws_iam_policy_document.reads.json
}

resource "aws_iam_user_policy_attachment" "ci" {
  user       = aws_iam_user.ci.name
  policy_arn = aws_iam_policy.reads.arn
}

resource "aws_iam_user" "person" {
  name          = "person"
  force_destroy = true
}

resource "aws_iam_group" "builders" {
  name = "builders"
  path = "/teams/"
}

resource "aws_iam_group_membership" "builders" {
  name  = "builders"
  group = aws_iam_group.builders.name
  users = [aws_iam_user.ci.name, aws_iam_user.person.name]
}

resource "aws_iam_group_policy" "builders" {
  name   = "own"
  group  = aws_iam_group.builders.name
  policy = data.aws_iam_policy_document.reads.json
}

resource "aws_iam_group_policy_attachment" "builders" {
  group      = aws_iam_group.builders.name
  policy_arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
}

resource "aws_iam_policy" "reads" {
  name        = "reads"
  path        = "/shared/"
  description = "What may be read"
  policy      = data.aws_iam_policy_document.reads.json
  tags        = { team = "TEAM" }
}
"""

ROLES = """
resource "aws_iam_role" "worker" {
  name                 = "worker"
  path                 = "/machines/"
  description          = "Does the TEAM team's work"
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  permissions_boundary = aws_iam_policy.reads.arn
  max_session_duration = SESSION
  tags                 = { team = "TEAM" }
}

resource "aws_iam_role_policy" "worker" {
  name   = "own"
  role   = aws_iam_role.worker.id
  policy = data.aws_iam_policy_document.reads.json
}

resource "aws_iam_role_policy_attachment" "worker" {
  role       = aws_iam_role.worker.name
  policy_arn = aws_iam_policy.reads.arn
}

resource "aws_iam_instance_profile" "worker" {
  name = "worker"
  path = "/machines/"
  role = aws_iam_role.worker.name
  tags = { team = "TEAM" }
}

resource "aws_iam_service_linked_role" "scaling" {
  aws_service_name = "autoscaling.amazonaws.com"
  custom_suffix    = "TEAM"
  description      = "For groups of the TEAM team"
}

resource "aws_iam_openid_connect_provider" "forge" {
  url             = "https://token.actions.example.com"
  client_id_list  = AUDIENCES
  thumbprint_list = ["cf23df2207d99a74fbe169e3eba035e633b65d94"]
  tags            = { team = "TEAM" }
}
"""

ACCOUNT = """
resource "aws_iam_account_alias" "mine" { account_alias = "our-ground" }

resource "aws_iam_account_password_policy" "strict" {
  minimum_password_length        = LENGTH
  require_lowercase_characters   = true
  require_numbers                = true
  require_uppercase_characters   = true
  require_symbols                = true
  allow_users_to_change_password = true
  max_password_age               = 90
  password_reuse_prevention      = 5
}

data "aws_iam_role" "worker" { name = aws_iam_role.worker.name }
data "aws_iam_policy" "reads" { arn = aws_iam_policy.reads.arn }

data "aws_iam_group" "builders" {
  group_name = aws_iam_group.builders.name
  depends_on = [aws_iam_group_membership.builders]
}

output "me" { value = data.aws_caller_identity.me.arn }
output "members" { value = sort(data.aws_iam_group.builders.users[*].user_name) }
output "trust" { value = data.aws_iam_role.worker.assume_role_policy }
output "document" { value = data.aws_iam_policy.reads.policy }
output "linked" { value = aws_iam_service_linked_role.scaling.arn }
output "key" { value = aws_iam_access_key.ci.id }
output "secret" {
  value     = aws_iam_access_key.ci.secret
  sensitive = true
}
"""

IDENTITIES = PROVIDER + DOCUMENTS + USERS + ROLES + ACCOUNT

BEFORE = {
    "READS": '["sqs:GetQueueUrl"]',
    "TEAM": "blue",
    "KEY_STATUS": "Active",
    "SESSION": "3600",
    "AUDIENCES": '["sts.amazonaws.com"]',
    "LENGTH": "14",
}
AFTER = {
    "READS": '["sqs:GetQueueUrl", "sqs:ListQueues"]',
    "TEAM": "red",
    "KEY_STATUS": "Inactive",
    "SESSION": "7200",
    "AUDIENCES": '["sts.amazonaws.com", "ours"]',
    "LENGTH": "20",
}

# What each is imported by.
IMPORTED = {
    "aws_iam_user.ci": "ci",
    "aws_iam_user_policy.ci": "ci:own",
    "aws_iam_group.builders": "builders",
    "aws_iam_policy.reads": "arn:aws:iam::000000000000:policy/shared/reads",
    "aws_iam_role.worker": "worker",
    "aws_iam_role_policy_attachment.worker": "worker/arn:aws:iam::000000000000:policy/shared/reads",
    "aws_iam_instance_profile.worker": "worker",
    "aws_iam_openid_connect_provider.forge": "arn:aws:iam::000000000000:oidc-provider/token.actions.example.com",
    "aws_iam_account_alias.mine": "our-ground",
    "aws_iam_account_password_policy.strict": "iam-account-password-policy",
}


def test_identities_are_made_changed_imported_and_destroyed_without_drift(
    terraform: Terraform, own_cloud: CloudProcess
) -> None:
    iam = own_cloud.client("iam")
    terraform.want(filled(IDENTITIES, BEFORE))
    outputs = terraform.apply()
    assert outputs["me"] == "arn:aws:iam::000000000000:root"
    assert outputs["members"] == ["ci", "person"]
    assert outputs["linked"].endswith("/AWSServiceRoleForAutoScaling_blue")
    keys = {"aws_access_key_id": outputs["key"], "aws_secret_access_key": outputs["secret"]}
    made = own_cloud.client("sts", **keys).get_caller_identity()
    assert made["Arn"] == "arn:aws:iam::000000000000:user/machines/ci"

    terraform.want(filled(IDENTITIES, AFTER))
    terraform.expect_changes()
    outputs = terraform.apply()
    assert json.loads(outputs["document"])["Statement"][0]["Action"] == ["sqs:ListQueues", "sqs:GetQueueUrl"]
    assert outputs["linked"].endswith("/AWSServiceRoleForAutoScaling_red")
    assert iam.get_account_password_policy()["PasswordPolicy"]["MinimumPasswordLength"] == 20
    assert iam.get_role(RoleName="worker")["Role"]["MaxSessionDuration"] == 7200
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        own_cloud.client("sts", **keys).get_caller_identity()

    terraform.forget(*IMPORTED)
    terraform.want(filled(IDENTITIES, AFTER) + imports(IMPORTED))
    terraform.apply()

    terraform.destroy()
    assert iam.list_users()["Users"] == iam.list_groups()["Groups"] == iam.list_roles()["Roles"] == []
    assert iam.list_policies(Scope="Local")["Policies"] == []
    assert iam.list_open_id_connect_providers()["OpenIDConnectProviderList"] == []
    assert iam.list_account_aliases()["AccountAliases"] == []
