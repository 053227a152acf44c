"""Values under KMS: who may, under which key, and what lies on the disk."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from cloud import CloudProcess
from sealed_services import allow, holds, refused, user_client

VALUE = "correct-horse-battery-staple"
OF_SECRETS = allow("secretsmanager:*")


@pytest.fixture
def kms(client: Callable[..., Any]) -> Any:
    """KMS of the test's own account."""
    return client("kms")


@pytest.fixture
def key(kms: Any) -> str:
    """A customer's own key, by its ARN."""
    return str(kms.create_key()["KeyMetadata"]["Arn"])


def test_the_disk_holds_no_value(own_cloud: CloudProcess) -> None:
    secrets = own_cloud.client("secretsmanager")
    secrets.create_secret(Name="marker-of-names", SecretString=VALUE)
    secrets.put_secret_value(SecretId="marker-of-names", SecretBinary=VALUE.upper().encode())
    secrets.get_secret_value(SecretId="marker-of-names")
    with refused("ValidationException", "Value at 'secretString'"):
        secrets.create_secret(Name="too-long", SecretString=VALUE * 4096)
    assert own_cloud.stop() == 0
    assert holds(own_cloud, b"marker-of-names")
    assert not holds(own_cloud, VALUE.encode())
    assert not holds(own_cloud, VALUE.upper().encode())


def test_a_value_outlives_a_kill(own_cloud: CloudProcess) -> None:
    secrets = own_cloud.client("secretsmanager")
    secrets.create_secret(Name="db", SecretString="one")
    for number in range(5):
        secrets.put_secret_value(SecretId="db", SecretString=str(number))
        own_cloud.kill()
        own_cloud.start()
        assert secrets.get_secret_value(SecretId="db")["SecretString"] == str(number)
    assert secrets.get_secret_value(SecretId="db", VersionStage="AWSPREVIOUS")["SecretString"] == "3"


def test_the_default_key_is_there_for_every_user_of_the_account(cloud: CloudProcess, account: str, kms: Any) -> None:
    user = user_client(cloud, account, "secretsmanager", OF_SECRETS)
    user.create_secret(Name="db", SecretString=VALUE)
    assert user.get_secret_value(SecretId="db")["SecretString"] == VALUE
    assert "alias/aws/secretsmanager" in [one["AliasName"] for one in kms.list_aliases()["Aliases"]]


def test_who_may_not_use_the_key_neither_reads_nor_writes(
    cloud: CloudProcess, account: str, secrets: Any, key: str
) -> None:
    secrets.create_secret(Name="db", SecretString=VALUE, KmsKeyId=key)
    user = user_client(cloud, account, "secretsmanager", OF_SECRETS)
    with refused("AccessDeniedException", "Access to KMS is not allowed"):
        user.get_secret_value(SecretId="db")
    with refused("AccessDeniedException", "kms:GenerateDataKey"):
        user.put_secret_value(SecretId="db", SecretString="other")
    with refused("AccessDeniedException"):
        user.create_secret(Name="other", SecretString=VALUE, KmsKeyId=key)
    with refused("ResourceNotFoundException"):
        secrets.describe_secret(SecretId="other")
    read = user.batch_get_secret_value(SecretIdList=["db"])
    assert (read["SecretValues"], read["Errors"][0]["ErrorCode"]) == ([], "AccessDeniedException")

    reader = user_client(cloud, account, "secretsmanager", OF_SECRETS, allow("kms:Decrypt"))
    assert reader.get_secret_value(SecretId="db")["SecretString"] == VALUE
    with refused("AccessDeniedException"):
        reader.put_secret_value(SecretId="db", SecretString="other")


def test_the_key_is_used_for_this_secret_and_version_alone(
    cloud: CloudProcess, account: str, secrets: Any, key: str
) -> None:
    made = secrets.create_secret(Name="db", SecretString=VALUE, KmsKeyId=key)
    other = secrets.create_secret(Name="other", SecretString=VALUE, KmsKeyId=key)
    context = {
        "kms:EncryptionContext:SecretARN": made["ARN"],
        "kms:EncryptionContext:SecretVersionId": made["VersionId"],
    }
    decrypt = allow("kms:Decrypt", Condition={"StringEquals": context})
    user = user_client(cloud, account, "secretsmanager", OF_SECRETS, decrypt)
    assert user.get_secret_value(SecretId="db")["SecretString"] == VALUE
    with refused("AccessDeniedException"):
        user.get_secret_value(SecretId=other["ARN"])


def test_the_key_may_be_given_for_use_by_this_service_alone(
    cloud: CloudProcess, account: str, secrets: Any, key: str
) -> None:
    secrets.create_secret(Name="db", SecretString=VALUE, KmsKeyId=key)
    via = {"kms:ViaService": "secretsmanager.us-east-1.amazonaws.com"}
    user = user_client(cloud, account, "secretsmanager", OF_SECRETS, allow("kms:*", Condition={"StringEquals": via}))
    assert user.get_secret_value(SecretId="db")["SecretString"] == VALUE


def test_a_key_that_cannot_be_used_is_told(secrets: Any, kms: Any, key: str) -> None:
    with refused("EncryptionFailure", "can't encrypt the protected secret text"):
        secrets.create_secret(Name="none", SecretString=VALUE, KmsKeyId="alias/none")
    secrets.create_secret(Name="db", SecretString=VALUE, KmsKeyId=key)
    kms.disable_key(KeyId=key)
    with refused("DecryptionFailure", "can't decrypt the protected secret text"):
        secrets.get_secret_value(SecretId="db")
    with refused("EncryptionFailure"):
        secrets.put_secret_value(SecretId="db", SecretString="other")
    kms.enable_key(KeyId=key)
    assert secrets.get_secret_value(SecretId="db")["SecretString"] == VALUE


def test_another_key_opens_the_versions_in_use_and_so_does_the_one_before(secrets: Any, kms: Any, key: str) -> None:
    secrets.create_secret(Name="db", SecretString="one", KmsKeyId=key)
    secrets.put_secret_value(SecretId="db", SecretString="two")
    other = kms.create_key()["KeyMetadata"]["Arn"]
    secrets.update_secret(SecretId="db", KmsKeyId=other)
    assert secrets.describe_secret(SecretId="db")["KmsKeyId"] == other
    listed = secrets.list_secret_version_ids(SecretId="db")["Versions"]
    assert [one["KmsKeyIds"] for one in listed] == [[other, key], [other, key]]
    for disabled in (key, other):
        kms.disable_key(KeyId=disabled)
        assert secrets.get_secret_value(SecretId="db")["SecretString"] == "two"
        assert secrets.get_secret_value(SecretId="db", VersionStage="AWSPREVIOUS")["SecretString"] == "one"
        kms.enable_key(KeyId=disabled)
    secrets.put_secret_value(SecretId="db", SecretString="three")
    kms.disable_key(KeyId=other)
    with refused("DecryptionFailure"):
        secrets.get_secret_value(SecretId="db")


def test_without_both_keys_old_versions_stay_under_the_old_one(
    cloud: CloudProcess, account: str, secrets: Any, kms: Any, key: str
) -> None:
    secrets.create_secret(Name="db", SecretString="one", KmsKeyId=key)
    other = kms.create_key()["KeyMetadata"]["Arn"]
    user = user_client(cloud, account, "secretsmanager", OF_SECRETS, allow("kms:Decrypt"))
    user.update_secret(SecretId="db", KmsKeyId=other)
    assert secrets.list_secret_version_ids(SecretId="db")["Versions"][0]["KmsKeyIds"] == [key]


def test_another_account_reads_with_the_policies_of_secret_and_key(
    cloud: CloudProcess, account: str, secrets: Any, kms: Any, key: str
) -> None:
    arn = secrets.create_secret(Name="db", SecretString=VALUE, KmsKeyId=key)["ARN"]
    stranger = cloud.client("secretsmanager", account="999999999990")
    lets_in = {"Effect": "Allow", "Principal": {"AWS": "999999999990"}, "Resource": "*"}
    secrets.put_resource_policy(SecretId="db", ResourcePolicy=_policy({**lets_in, "Action": "secretsmanager:*"}))
    with refused("AccessDeniedException", "Access to KMS is not allowed"):
        stranger.get_secret_value(SecretId=arn)
    own = {"Effect": "Allow", "Principal": {"AWS": account}, "Action": "kms:*", "Resource": "*"}
    kms.put_key_policy(KeyId=key, Policy=_policy(own, {**lets_in, "Action": "kms:Decrypt"}))
    assert stranger.get_secret_value(SecretId=arn)["SecretString"] == VALUE


def _policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
