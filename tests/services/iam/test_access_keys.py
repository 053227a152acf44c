"""Access keys: they sign, and no longer do when they are switched off or gone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import pytest

from cloud import CloudProcess

from .helpers import key_of, refused


def test_a_key_signs_for_its_user(iam: Any, account: str, signed: Callable[..., Any]) -> None:
    user = iam.create_user(UserName="bob", Path="/a/")["User"]
    seen = signed("sts", key_of(iam, "bob")).get_caller_identity()
    assert (seen["Arn"], seen["UserId"], seen["Account"]) == (user["Arn"], user["UserId"], account)


def test_the_secret_is_told_once(iam: Any) -> None:
    iam.create_user(UserName="bob")
    made = iam.create_access_key(UserName="bob")["AccessKey"]
    assert made["AccessKeyId"].startswith("AKIA")
    assert (len(made["AccessKeyId"]), len(made["SecretAccessKey"])) == (20, 40)
    listed = iam.list_access_keys(UserName="bob")["AccessKeyMetadata"]
    assert listed == [{name: made[name] for name in ("UserName", "AccessKeyId", "Status", "CreateDate")}]


def test_a_key_is_refused_as_soon_as_it_is_inactive_and_taken_as_soon_as_it_is_not(
    iam: Any, signed: Callable[..., Any]
) -> None:
    iam.create_user(UserName="bob")
    key = key_of(iam, "bob")
    sts = signed("sts", key)
    for _ in range(2):
        sts.get_caller_identity()
        iam.update_access_key(UserName="bob", AccessKeyId=key["aws_access_key_id"], Status="Inactive")
        with refused("InvalidClientTokenId", status=403):
            sts.get_caller_identity()
        iam.update_access_key(UserName="bob", AccessKeyId=key["aws_access_key_id"], Status="Active")
    iam.delete_access_key(UserName="bob", AccessKeyId=key["aws_access_key_id"])
    with refused("InvalidClientTokenId"):
        sts.get_caller_identity()
    assert iam.list_access_keys(UserName="bob")["AccessKeyMetadata"] == []


def test_a_wrong_secret_is_refused(iam: Any, signed: Callable[..., Any]) -> None:
    iam.create_user(UserName="bob")
    key = {**key_of(iam, "bob"), "aws_secret_access_key": "x" * 40}
    with refused("SignatureDoesNotMatch", status=403):
        signed("sts", key).get_caller_identity()


def test_a_user_has_two_keys_at_most(iam: Any) -> None:
    iam.create_user(UserName="bob")
    made = [iam.create_access_key(UserName="bob")["AccessKey"]["AccessKeyId"] for _ in range(2)]
    with refused("LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2", status=409):
        iam.create_access_key(UserName="bob")
    listed = iam.list_access_keys(UserName="bob")["AccessKeyMetadata"]
    assert [key["AccessKeyId"] for key in listed] == made


def test_a_root_has_keys_of_its_own(iam: Any, account: str, signed: Callable[..., Any]) -> None:
    key = key_of(iam)
    assert signed("sts", key).get_caller_identity()["Arn"] == f"arn:aws:iam::{account}:root"
    assert [one["AccessKeyId"] for one in iam.list_access_keys()["AccessKeyMetadata"]] == [key["aws_access_key_id"]]
    assert iam.get_account_summary()["SummaryMap"]["AccountAccessKeysPresent"] == 1
    signed("iam", key).update_access_key(AccessKeyId=key["aws_access_key_id"], Status="Inactive")
    with refused("InvalidClientTokenId"):
        signed("sts", key).get_caller_identity()
    iam.delete_access_key(AccessKeyId=key["aws_access_key_id"])


def test_the_keys_of_others_are_not_found(iam: Any) -> None:
    for name in ("a", "b"):
        iam.create_user(UserName=name)
    key = key_of(iam, "a")["aws_access_key_id"]
    for call in (
        lambda: iam.delete_access_key(UserName="b", AccessKeyId=key),
        lambda: iam.update_access_key(UserName="b", AccessKeyId=key, Status="Inactive"),
    ):
        with refused("NoSuchEntity", f"The Access Key with id {key} cannot be found.", status=404):
            call()


def test_a_status_that_only_time_brings_is_refused(iam: Any) -> None:
    iam.create_user(UserName="bob")
    key = key_of(iam, "bob")["aws_access_key_id"]
    with refused("InvalidInput"):
        iam.update_access_key(UserName="bob", AccessKeyId=key, Status="Expired")


def test_a_key_that_was_never_used_says_so(iam: Any) -> None:
    iam.create_user(UserName="bob")
    seen = iam.get_access_key_last_used(AccessKeyId=key_of(iam, "bob")["aws_access_key_id"])
    assert seen["UserName"] == "bob"
    assert seen["AccessKeyLastUsed"] == {"ServiceName": "N/A", "Region": "N/A"}


def test_where_a_key_was_last_used_is_told_and_survives_a_restart(own_cloud: CloudProcess) -> None:
    iam = own_cloud.client("iam")
    iam.create_user(UserName="bob")
    key = key_of(iam, "bob")
    boto3.client("sts", endpoint_url=own_cloud.endpoint, region_name="eu-west-1", **key).get_caller_identity()
    used = iam.get_access_key_last_used(AccessKeyId=key["aws_access_key_id"])["AccessKeyLastUsed"]
    assert (used["ServiceName"], used["Region"]) == ("sts", "eu-west-1")
    own_cloud.stop()
    own_cloud.start()
    iam = own_cloud.client("iam")
    assert iam.get_access_key_last_used(AccessKeyId=key["aws_access_key_id"])["AccessKeyLastUsed"] == used


@pytest.mark.parametrize("key", ["AKIAIOSFODNN7EXAMPLE", "AKIAAAAAAAAAAAAAAAAA"])
def test_keys_that_are_none_or_of_other_accounts_are_not_told_apart(iam: Any, key: str) -> None:
    with refused("AccessDenied", f"iam:GetAccessKeyLastUsed on resource: access key {key}", status=403):
        iam.get_access_key_last_used(AccessKeyId=key)


def test_keys_and_their_users_survive_a_kill(own_cloud: CloudProcess) -> None:
    iam = own_cloud.client("iam")
    iam.create_user(UserName="bob")
    key = key_of(iam, "bob")
    own_cloud.kill()
    own_cloud.start()
    seen = boto3.client("sts", endpoint_url=own_cloud.endpoint, region_name="us-east-1", **key).get_caller_identity()
    assert seen["Arn"].endswith(":user/bob")
    for file in own_cloud.data_dir.rglob("*"):
        if file.is_file():
            assert key["aws_secret_access_key"].encode() not in file.read_bytes()
