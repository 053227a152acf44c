"""What is said of the account itself: its alias, its numbers, its credential report."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

from cloud import CloudProcess

from .helpers import PASSWORD, key_of, refused

HOUR = 3_600
COLUMNS = (
    "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,"
    "mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,"
    "access_key_1_last_used_region,access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,"
    "access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,"
    "cert_1_last_rotated,cert_2_active,cert_2_last_rotated"
)


# ------------------------------------------------------------------------------------------------ alias
def test_an_account_has_one_alias_at_a_time(iam: Any, account: str) -> None:
    assert iam.list_account_aliases()["AccountAliases"] == []
    iam.create_account_alias(AccountAlias=f"one-{account}")
    iam.create_account_alias(AccountAlias=f"two-{account}")
    assert iam.list_account_aliases()["AccountAliases"] == [f"two-{account}"]
    with refused("NoSuchEntity", f"one-{account}", status=404):
        iam.delete_account_alias(AccountAlias=f"one-{account}")
    iam.delete_account_alias(AccountAlias=f"two-{account}")
    assert iam.list_account_aliases()["AccountAliases"] == []


def test_no_two_accounts_have_one_alias(iam: Any, account: str, client: Callable[..., Any]) -> None:
    alias = f"shop-{account}"
    iam.create_account_alias(AccountAlias=alias)
    other = client("iam", account=f"9{account[1:]}")
    for taken in (iam, other):
        with refused("EntityAlreadyExists", f"The account alias {alias} already exists.", status=409):
            taken.create_account_alias(AccountAlias=alias)
    with refused("NoSuchEntity"):
        other.delete_account_alias(AccountAlias=alias)
    iam.delete_account_alias(AccountAlias=alias)
    other.create_account_alias(AccountAlias=alias)


def test_an_alias_is_written_as_a_name_in_the_dns(iam: Any) -> None:
    for alias in ("Upper", "-a-", "a--b", "a_b"):
        with refused("ValidationError", "'accountAlias' failed to satisfy constraint"):
            iam.create_account_alias(AccountAlias=alias)


# ------------------------------------------------------------------------------------------------ numbers
def test_the_summary_counts_what_is_there(iam: Any) -> None:
    empty = iam.get_account_summary()["SummaryMap"]
    assert (empty["Users"], empty["Groups"], empty["MFADevices"], empty["AccountAccessKeysPresent"]) == (0, 0, 0, 0)
    assert (empty["UsersQuota"], empty["GroupsQuota"], empty["AccessKeysPerUserQuota"]) == (5000, 300, 2)
    iam.create_user(UserName="a")
    iam.create_user(UserName="b")
    iam.create_group(GroupName="g")
    iam.create_virtual_mfa_device(VirtualMFADeviceName="d")
    iam.create_access_key()
    document = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}})
    policy = iam.create_policy(PolicyName="p", PolicyDocument=document)["Policy"]["Arn"]
    iam.create_policy_version(PolicyArn=policy, PolicyDocument=document)
    full = iam.get_account_summary()["SummaryMap"]
    assert (full["Users"], full["Groups"], full["MFADevices"], full["AccountAccessKeysPresent"]) == (2, 1, 1, 1)
    assert (full["MFADevicesInUse"], full["Policies"], full["PolicyVersionsInUse"], full["Roles"]) == (0, 1, 2, 0)


# ------------------------------------------------------------------------------------------------ credential report
def report(iam: Any) -> dict[str, dict[str, str]]:
    """The report by user, once it is complete."""
    for _ in range(1_000):
        if iam.generate_credential_report()["State"] == "COMPLETE":
            break
    shown = iam.get_credential_report()
    assert shown["ReportFormat"] == "text/csv"
    text = shown["Content"].decode()
    assert text.splitlines()[0] == COLUMNS
    return {line["user"]: line for line in csv.DictReader(io.StringIO(text))}


def test_a_report_is_generated_before_it_is_got(iam: Any) -> None:
    with refused("ReportNotPresent", status=410):
        iam.get_credential_report()
    started = iam.generate_credential_report()
    assert started["State"] == "STARTED"
    assert started["Description"] == "No report exists. Starting a new report generation task"
    assert set(report(iam)) == {"<root_account>"}


def test_the_report_tells_of_every_users_credentials(iam: Any, account: str, signed: Callable[..., Any]) -> None:
    iam.update_account_password_policy(MaxPasswordAge=10)
    iam.create_user(UserName="bob", Path="/x/")
    iam.create_user(UserName="eve")
    iam.create_login_profile(UserName="bob", Password=PASSWORD)
    key = key_of(iam, "bob")
    signed("sts", key).get_caller_identity()
    iam.update_access_key(UserName="bob", AccessKeyId=key_of(iam, "bob")["aws_access_key_id"], Status="Inactive")
    lines = report(iam)
    bob, eve, root = lines["bob"], lines["eve"], lines["<root_account>"]
    assert bob["arn"] == f"arn:aws:iam::{account}:user/x/bob"
    assert bob["user_creation_time"].endswith("+00:00")
    assert (bob["password_enabled"], bob["password_last_used"]) == ("true", "no_information")
    assert bob["password_next_rotation"] > bob["password_last_changed"]
    assert (bob["access_key_1_active"], bob["access_key_2_active"], bob["mfa_active"]) == ("true", "false", "false")
    assert (bob["access_key_1_last_used_service"], bob["access_key_1_last_used_region"]) == ("sts", "us-east-1")
    assert bob["access_key_2_last_used_date"] == "N/A" != bob["access_key_2_last_rotated"]
    assert (eve["password_enabled"], eve["password_last_changed"], eve["access_key_1_last_rotated"]) == (
        "false",
        "N/A",
        "N/A",
    )
    assert (root["arn"], root["password_enabled"]) == (f"arn:aws:iam::{account}:root", "not_supported")


def test_a_report_is_good_for_four_hours(own_cloud: CloudProcess) -> None:
    iam = own_cloud.client("iam")
    report(iam)
    first = iam.get_credential_report()["GeneratedTime"]
    iam.create_user(UserName="late")
    own_cloud.advance(3 * HOUR)
    assert set(report(iam)) == {"<root_account>"}
    own_cloud.advance(2 * HOUR)
    with refused("ReportExpired", status=410):
        iam.get_credential_report()
    assert iam.generate_credential_report()["State"] == "STARTED"
    assert set(report(iam)) == {"<root_account>", "late"}
    assert iam.get_credential_report()["GeneratedTime"] > first


def test_a_report_on_many_users_comes_in_steps_and_in_order(iam: Any) -> None:
    names = [f"u{number:03}" for number in range(250)]
    for name in names:
        iam.create_user(UserName=name)
    assert list(report(iam)) == ["<root_account>", *names]
