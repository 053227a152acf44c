"""Deletion: days to think it over, then nothing is left."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cloud import CloudProcess
from fogstead.kernel.catalog import Catalog
from laws.examples.kms import KmsExamples
from laws.wire import Caller

from .helpers import refused

ON_KEYS = sorted(
    name
    for name, operation in Catalog().service("kms").operations.items()
    if operation.on is not None and operation.on.__name__ == "Key"
)


def test_a_key_that_goes_is_not_used_and_can_be_kept(kms: Any, key: str) -> None:
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    answer = kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert (answer["KeyId"], answer["KeyState"], answer["PendingWindowInDays"]) == (key, "PendingDeletion", 7)
    shown = kms.describe_key(KeyId=key)["KeyMetadata"]
    assert (shown["KeyState"], shown["DeletionDate"]) == ("PendingDeletion", answer["DeletionDate"])
    calls: list[tuple[str, dict[str, Any]]] = [
        ("encrypt", {"Plaintext": b"x"}),
        ("decrypt", {"CiphertextBlob": blob}),
        ("enable_key", {}),
        ("disable_key", {}),
        ("schedule_key_deletion", {}),
        ("update_key_description", {"Description": "x"}),
        ("tag_resource", {"Tags": [{"TagKey": "a", "TagValue": ""}]}),
        ("create_grant", {"GranteePrincipal": "999999999998", "Operations": ["Decrypt"]}),
        ("enable_key_rotation", {}),
    ]
    for name, given in calls:
        said = refused("KMSInvalidStateException", getattr(kms, name), KeyId=key, **given)
        assert said == f"{key} is pending deletion."
    refused("KMSInvalidStateException", kms.create_alias, AliasName="alias/late", TargetKeyId=key)
    kms.cancel_key_deletion(KeyId=key)
    shown = kms.describe_key(KeyId=key)["KeyMetadata"]
    assert (shown["KeyState"], "DeletionDate" in shown) == ("Disabled", False)
    assert refused("KMSInvalidStateException", kms.cancel_key_deletion, KeyId=key) == f"{key} is not pending deletion."
    kms.enable_key(KeyId=key)
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


def test_the_window_has_7_to_30_days(kms: Any, key: str) -> None:
    for wrong in (6, 31):
        refused("ValidationException", kms.schedule_key_deletion, KeyId=key, PendingWindowInDays=wrong)
    answer = kms.schedule_key_deletion(KeyId=key)
    made = kms.describe_key(KeyId=key)["KeyMetadata"]["CreationDate"]
    assert answer["PendingWindowInDays"] == (answer["DeletionDate"] - made).days == 30


def test_after_the_window_nothing_is_left(
    timed: Callable[..., Any], days: Callable[[float], Any], account: str
) -> None:
    kms, root = timed(), f"arn:aws:iam::{account}:root"
    key = kms.create_key()["KeyMetadata"]["Arn"]
    kms.create_alias(AliasName="alias/shop", TargetKeyId=key)
    kms.create_grant(KeyId=key, GranteePrincipal=root, RetiringPrincipal=root, Operations=["Decrypt"])
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    days(6.9)
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingDeletion"
    days(0.2)
    refused("NotFoundException", kms.describe_key, KeyId=key)
    refused("AccessDeniedException", kms.decrypt, CiphertextBlob=blob)
    assert kms.list_keys()["Keys"] == kms.list_aliases()["Aliases"] == []
    assert kms.list_retirable_grants(RetiringPrincipal=root)["Grants"] == []


def test_a_cancelled_deletion_does_not_come(timed: Callable[..., Any], days: Callable[[float], Any]) -> None:
    kms = timed()
    key = kms.create_key()["KeyMetadata"]["Arn"]
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    days(5)
    kms.cancel_key_deletion(KeyId=key)
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=30)
    days(20)
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingDeletion"


@pytest.fixture(scope="module")
def gone(moving_cloud: CloudProcess) -> tuple[Caller, dict[str, dict[str, Any]]]:
    """Good input for every operation on a key, whose key has gone since."""
    caller = Caller(moving_cloud, "000000004711")
    examples = KmsExamples(caller)
    inputs = {}
    for name in ON_KEYS:
        pointers = examples.make("Key")
        inputs[name] = examples.input_of(name, pointers)
        if name == "UpdatePrimaryRegion":
            replica = moving_cloud.client("kms", account=caller.account, region="eu-west-1")
            replica.schedule_key_deletion(KeyId=pointers["KeyId"].replace("us-east-1", "eu-west-1"))
        examples.delete("Key", pointers)
    moving_cloud.advance(40 * 86_400)
    return caller, inputs


@pytest.mark.parametrize("name", ON_KEYS)
def test_a_key_that_is_gone_is_not_found(name: str, gone: tuple[Caller, dict[str, dict[str, Any]]]) -> None:
    caller, inputs = gone
    reply = caller.call("kms", name, inputs[name])
    assert reply.code == "NotFoundException", f"{reply.status} {reply.code} {reply.message}"
