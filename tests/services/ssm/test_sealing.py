"""SecureStrings under KMS, permissions, and what nobody learns."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from cloud import CloudProcess
from sealed_services import allow, holds, refused, user_client

VALUE = "correct-horse-battery-staple"
OF_PARAMETERS = allow("ssm:*")
SECURE = {"Type": "SecureString"}


@pytest.fixture
def kms(client: Callable[..., Any]) -> Any:
    """KMS of the test's own account."""
    return client("kms")


@pytest.fixture
def key(kms: Any) -> str:
    """A customer's own key, by its id."""
    return str(kms.create_key()["KeyMetadata"]["KeyId"])


def test_the_disk_holds_no_secure_string(own_cloud: CloudProcess) -> None:
    ssm = own_cloud.client("ssm")
    ssm.put_parameter(Name="/standard", Value=VALUE, **SECURE)
    ssm.put_parameter(Name="/advanced", Value=VALUE.upper(), Tier="Advanced", **SECURE)
    ssm.put_parameter(Name="/open", Value="marker-of-plain-values", Type="String")
    ssm.get_parameters(Names=["/standard", "/advanced"], WithDecryption=True)
    assert own_cloud.stop() == 0
    assert holds(own_cloud, b"marker-of-plain-values")
    assert not holds(own_cloud, VALUE.encode())
    assert not holds(own_cloud, VALUE.upper().encode())


def test_a_parameter_outlives_a_kill(own_cloud: CloudProcess) -> None:
    ssm = own_cloud.client("ssm")
    for number in range(1, 5):
        made = ssm.put_parameter(Name="/db", Value=str(number), Overwrite=True, **SECURE)
        own_cloud.kill()
        own_cloud.start()
        assert made["Version"] == number
        assert ssm.get_parameter(Name="/db", WithDecryption=True)["Parameter"]["Value"] == str(number)


@pytest.mark.parametrize("tier", ["Standard", "Advanced"])
def test_without_decryption_the_value_stays_sealed(ssm: Any, tier: str) -> None:
    ssm.put_parameter(Name="/db", Value=VALUE, Tier=tier, **SECURE)
    sealed = ssm.get_parameter(Name="/db")["Parameter"]["Value"]
    assert VALUE.encode() not in base64.b64decode(sealed, validate=True)
    assert ssm.get_parameter_history(Name="/db")["Parameters"][0]["Value"] == sealed


def test_a_standard_value_is_a_ciphertext_of_kms(ssm: Any, kms: Any, key: str) -> None:
    """Source: User Guide, "AWS KMS encryption for Parameter Store SecureString parameters"."""
    ssm.put_parameter(Name="/db", Value=VALUE, KeyId=key, **SECURE)
    shown = ssm.get_parameter(Name="/db")["Parameter"]
    opened = kms.decrypt(
        CiphertextBlob=base64.b64decode(shown["Value"]), EncryptionContext={"PARAMETER_ARN": shown["ARN"]}
    )
    assert opened["Plaintext"] == VALUE.encode()


def test_a_secure_string_stays_under_its_key_until_another_is_named(ssm: Any, key: str) -> None:
    """AWS's Terraform provider names a key only where it changes."""
    ssm.put_parameter(Name="/db", Value="one", KeyId=key, **SECURE)
    ssm.put_parameter(Name="/db", Value="two", Overwrite=True, **SECURE)
    ssm.put_parameter(Name="/db", Value="three", Overwrite=True, KeyId="alias/aws/ssm", **SECURE)
    ssm.put_parameter(Name="/db", Value="four", Overwrite=True, **SECURE)
    history = ssm.get_parameter_history(Name="/db", WithDecryption=True)["Parameters"]
    assert [(one["Value"], one["KeyId"]) for one in history] == [
        *(("one", key), ("two", key)),
        *(("three", "alias/aws/ssm"), ("four", "alias/aws/ssm")),
    ]


@pytest.mark.parametrize("tier", ["Standard", "Advanced"])
def test_who_may_not_use_the_key_neither_reads_nor_writes(
    cloud: CloudProcess, account: str, ssm: Any, key: str, tier: str
) -> None:
    ssm.put_parameter(Name="/a/db", Value=VALUE, KeyId=key, Tier=tier, **SECURE)
    user = user_client(cloud, account, "ssm", OF_PARAMETERS)
    for call, given in (
        (user.get_parameter, {"Name": "/a/db"}),
        (user.get_parameters, {"Names": ["/a/db"]}),
        (user.get_parameters_by_path, {"Path": "/a"}),
        (user.get_parameter_history, {"Name": "/a/db"}),
    ):
        assert VALUE not in str(call(**given))
        with refused("AccessDeniedException", "kms:Decrypt"):
            call(**given, WithDecryption=True)
    with refused("AccessDeniedException", "kms:"):
        user.put_parameter(Name="/a/db", Value="x", KeyId=key, Overwrite=True, **SECURE)
    assert ssm.get_parameter(Name="/a/db", WithDecryption=True)["Parameter"]["Version"] == 1
    reader = user_client(cloud, account, "ssm", OF_PARAMETERS, allow("kms:Decrypt"))
    assert reader.get_parameter(Name="/a/db", WithDecryption=True)["Parameter"]["Value"] == VALUE


def test_the_default_key_is_there_for_every_user_of_the_account(cloud: CloudProcess, account: str) -> None:
    user = user_client(cloud, account, "ssm", OF_PARAMETERS)
    user.put_parameter(Name="/db", Value=VALUE, **SECURE)
    assert user.get_parameter(Name="/db", WithDecryption=True)["Parameter"]["Value"] == VALUE


def test_a_key_that_cannot_be_used_is_told(ssm: Any, kms: Any, key: str) -> None:
    with refused("InvalidKeyId", "alias/none"):
        ssm.put_parameter(Name="/db", Value=VALUE, KeyId="alias/none", **SECURE)
    ssm.put_parameter(Name="/db", Value=VALUE, KeyId=key, **SECURE)
    kms.disable_key(KeyId=key)
    with refused("InvalidKeyId"):
        ssm.get_parameter(Name="/db", WithDecryption=True)


def test_each_way_of_reading_has_a_permission_of_its_own(cloud: CloudProcess, account: str, ssm: Any) -> None:
    ssm.put_parameter(Name="/a/db", Value=VALUE, Type="String")
    user = user_client(
        cloud, account, "ssm", allow("ssm:GetParameter", Resource=f"arn:aws:ssm:us-east-1:{account}:parameter/a/*")
    )
    assert user.get_parameter(Name="/a/db")["Parameter"]["Value"] == VALUE
    for call, given in (
        (user.get_parameters, {"Names": ["/a/db"]}),
        (user.get_parameters_by_path, {"Path": "/a"}),
        (user.get_parameter_history, {"Name": "/a/db"}),
        (user.delete_parameters, {"Names": ["/a/db"]}),
        (user.describe_parameters, {}),
    ):
        with refused("AccessDeniedException"):
            call(**given)


def test_who_may_read_a_path_reads_all_below_it(cloud: CloudProcess, account: str, ssm: Any) -> None:
    """Source: API reference, GetParametersByPath."""
    ssm.put_parameter(Name="/a/b/db", Value=VALUE, Type="String")
    arn = f"arn:aws:ssm:us-east-1:{account}:parameter/a"
    deny = {"Effect": "Deny", "Action": "ssm:GetParametersByPath", "Resource": f"{arn}/b"}
    user = user_client(cloud, account, "ssm", allow("ssm:GetParametersByPath", Resource=arn), deny)
    assert user.get_parameters_by_path(Path="/a", Recursive=True)["Parameters"][0]["Value"] == VALUE
    with refused("AccessDeniedException"):
        user.get_parameters_by_path(Path="/a/b")


def test_a_recursive_reading_may_be_denied(cloud: CloudProcess, account: str) -> None:
    condition = {"StringEquals": {"ssm:Recursive": "false"}}
    user = user_client(cloud, account, "ssm", allow("ssm:GetParametersByPath", Condition=condition))
    user.get_parameters_by_path(Path="/a")
    with refused("AccessDeniedException"):
        user.get_parameters_by_path(Path="/a", Recursive=True)


def test_overwriting_may_be_denied_and_tags_decide(cloud: CloudProcess, account: str, ssm: Any) -> None:
    fresh_only = allow("ssm:PutParameter", Condition={"StringEquals": {"ssm:Overwrite": "false"}})
    user = user_client(cloud, account, "ssm", fresh_only)
    user.put_parameter(Name="/db", Value="one", Type="String")
    with refused("AccessDeniedException"):
        user.put_parameter(Name="/db", Value="two", Overwrite=True)
    with refused("AccessDeniedException", "ssm:AddTagsToResource"):
        user.put_parameter(Name="/other", Value="one", Type="String", Tags=[{"Key": "a", "Value": "b"}])
    tagged = allow("ssm:PutParameter", Condition={"StringEquals": {"aws:ResourceTag/team": "blue"}})
    other = user_client(cloud, account, "ssm", tagged)
    with refused("AccessDeniedException"):
        other.put_parameter(Name="/db", Value="two", Overwrite=True)
    ssm.add_tags_to_resource(ResourceType="Parameter", ResourceId="/db", Tags=[{"Key": "team", "Value": "blue"}])
    other.put_parameter(Name="/db", Value="two", Overwrite=True)


def test_nobody_learns_from_a_refusal_whether_a_parameter_exists(cloud: CloudProcess, account: str, ssm: Any) -> None:
    ssm.put_parameter(Name="/db", Value="one", Type="String")
    user = user_client(cloud, account, "ssm", allow("sqs:*"))

    def said(call: Callable[..., Any], name: str, **given: Any) -> str:
        with pytest.raises(user.exceptions.ClientError) as caught:
            call(**given)
        error = caught.value.response["Error"]
        return f"{error['Code']}: {error['Message']}".replace(name, "IT")

    for call, given in (
        (user.get_parameter, lambda name: {"Name": name}),
        (user.get_parameters, lambda name: {"Names": [name]}),
        (user.delete_parameters, lambda name: {"Names": [name]}),
        (user.put_parameter, lambda name: {"Name": name, "Value": "x"}),
    ):
        assert said(call, "/db", **given("/db")) == said(call, "/none", **given("/none"))


def policy(account: str, arn: str) -> str:
    who = {"Effect": "Allow", "Principal": {"AWS": account}, "Action": "ssm:GetParameter", "Resource": arn}
    return json.dumps({"Version": "2012-10-17", "Statement": [who]})


def test_a_shared_parameter_is_read_by_its_arn(cloud: CloudProcess, ssm: Any) -> None:
    ssm.put_parameter(Name="/db", Value="one", Type="String", Tier="Advanced")
    arn = ssm.get_parameter(Name="/db")["Parameter"]["ARN"]
    other = cloud.client("ssm", account="999999999991")
    with refused("AccessDeniedException"):
        other.get_parameter(Name=arn)
    made = ssm.put_resource_policy(ResourceArn=arn, Policy=policy("999999999991", arn))
    assert other.get_parameter(Name=arn)["Parameter"]["Value"] == "one"
    assert ssm.get_resource_policies(ResourceArn=arn)["Policies"][0]["PolicyId"] == made["PolicyId"]
    known = {"PolicyId": made["PolicyId"], "PolicyHash": made["PolicyHash"]}
    with refused("ResourcePolicyLimitExceededException"):
        ssm.put_resource_policy(ResourceArn=arn, Policy=policy("999999999992", arn))
    with refused("ResourcePolicyConflictException"):
        ssm.put_resource_policy(ResourceArn=arn, Policy=policy("999999999992", arn), **{**known, "PolicyHash": "x"})
    with refused("ResourcePolicyNotFoundException"):
        ssm.delete_resource_policy(ResourceArn=arn, **{**known, "PolicyId": "x"})
    ssm.delete_resource_policy(ResourceArn=arn, **known)
    with refused("AccessDeniedException"):
        other.get_parameter(Name=arn)
    assert ssm.get_resource_policies(ResourceArn=arn)["Policies"] == []


def test_what_cannot_be_shared_is_refused(ssm: Any, account: str) -> None:
    arn = f"arn:aws:ssm:us-east-1:{account}:parameter/db"
    with refused("ResourceNotFoundException"):
        ssm.put_resource_policy(ResourceArn=arn, Policy=policy("999999999991", arn))
    ssm.put_parameter(Name="/db", Value="one", Type="String")
    with refused("ResourcePolicyInvalidParameterException", "advanced"):
        ssm.put_resource_policy(ResourceArn=arn, Policy=policy("999999999991", arn))
    ssm.put_parameter(Name="/db", Value="one", Type="SecureString", Tier="Advanced", Overwrite=True)
    with refused("ResourcePolicyInvalidParameterException", "customer managed key"):
        ssm.put_resource_policy(ResourceArn=arn, Policy=policy("999999999991", arn))
    with refused("MalformedResourcePolicyDocumentException"):
        ssm.put_resource_policy(ResourceArn=arn, Policy="{}")
    with refused("ResourcePolicyLimitExceededException"):
        ssm.put_resource_policy(ResourceArn=arn, Policy=policy("999999999991", arn) + " " * 1024)
    with refused("NotImplemented", "opsitemgroup"):
        group = f"arn:aws:ssm:us-east-1:{account}:opsitemgroup/default"
        ssm.get_resource_policies(ResourceArn=group)
