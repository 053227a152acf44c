"""The finer points of what may be said about a bucket."""

from __future__ import annotations

from typing import Any

import pytest

from .access import allow, grants, owner_of, refused, set_policy
from .http_calls import Caller

RULE = {"AllowedMethods": ["GET"], "AllowedOrigins": ["https://page.example"]}


def put_rule(s3: Any, bucket: str, **rule: Any) -> None:
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})


def shown_rule(s3: Any, bucket: str) -> dict[str, Any]:
    (rule,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    return rule


DEFAULT = {"SSEAlgorithm": "AES256"}


# --------------------------------------------------------------------------- one beside another
def test_each_configuration_leaves_the_others_alone(s3: Any, bucket: str) -> None:
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [RULE]})
    s3.put_bucket_request_payment(Bucket=bucket, RequestPaymentConfiguration={"Payer": "Requester"})
    put_rule(s3, bucket, ApplyServerSideEncryptionByDefault=DEFAULT, BucketKeyEnabled=True)
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.delete_public_access_block(Bucket=bucket)
    s3.delete_bucket_encryption(Bucket=bucket)
    assert s3.get_bucket_cors(Bucket=bucket)["CORSRules"] == [RULE]
    assert s3.get_bucket_request_payment(Bucket=bucket)["Payer"] == "Requester"
    s3.delete_bucket_cors(Bucket=bucket)
    assert s3.get_bucket_request_payment(Bucket=bucket)["Payer"] == "Requester"
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == [{"Key": "a", "Value": "b"}]
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"


# --------------------------------------------------------------------------- encryption
def test_a_bucket_key_is_remembered_until_the_default_is_back(s3: Any, bucket: str) -> None:
    put_rule(s3, bucket, ApplyServerSideEncryptionByDefault=DEFAULT, BucketKeyEnabled=True)
    assert shown_rule(s3, bucket)["BucketKeyEnabled"] is True
    s3.delete_bucket_encryption(Bucket=bucket)
    assert shown_rule(s3, bucket)["BucketKeyEnabled"] is False


def test_customers_own_keys_are_blocked_when_it_is_said(s3: Any, bucket: str) -> None:
    blocked = {"EncryptionType": ["SSE-C"]}
    assert "BlockedEncryptionTypes" not in shown_rule(s3, bucket)
    put_rule(s3, bucket, BlockedEncryptionTypes=blocked)
    assert shown_rule(s3, bucket) == {
        "ApplyServerSideEncryptionByDefault": DEFAULT, "BucketKeyEnabled": False, "BlockedEncryptionTypes": blocked
    }  # fmt: skip
    put_rule(s3, bucket, BlockedEncryptionTypes={"EncryptionType": ["NONE"]})
    assert shown_rule(s3, bucket)["BlockedEncryptionTypes"] == {"EncryptionType": ["NONE"]}
    with refused("MalformedXML", status=400):
        put_rule(s3, bucket, BlockedEncryptionTypes={"EncryptionType": ["NONE", "SSE-C"]})
    s3.delete_bucket_encryption(Bucket=bucket)
    assert "BlockedEncryptionTypes" not in shown_rule(s3, bucket)


def test_a_key_of_kms_does_not_go_with_aes256(s3: Any, bucket: str) -> None:
    with refused("InvalidArgument", "KMSMasterKeyID is not applicable", status=400):
        put_rule(s3, bucket, ApplyServerSideEncryptionByDefault={**DEFAULT, "KMSMasterKeyID": "alias/a"})


def test_there_is_one_rule_of_encryption(s3: Any, bucket: str) -> None:
    for rules in ([], [{}], [{"ApplyServerSideEncryptionByDefault": DEFAULT}] * 2):
        with refused("MalformedXML", status=400):
            s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": rules})


# --------------------------------------------------------------------------- versioning and logging
def test_deletes_without_a_second_factor_may_be_said(s3: Any, bucket: str) -> None:
    configuration = {"Status": "Enabled", "MFADelete": "Disabled"}
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=configuration)
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    with refused("IllegalVersioningConfigurationException", "Versioning element", status=400):
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"MFADelete": "Disabled"})


def test_logging_may_be_turned_off(s3: Any, bucket: str) -> None:
    s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={})
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=bucket)


# --------------------------------------------------------------------------- policies and lists
def test_the_owner_reads_its_policy_back_to_the_letter(s3: Any, bucket: str, http: Caller, other_account: str) -> None:
    set_policy(s3, bucket, allow(bucket, "s3:GetObject", other_account, Sid="ü"))
    text = s3.get_bucket_policy(Bucket=bucket)["Policy"]
    answer = http.ask("PUT", f"/{bucket}?policy", body=f"{text}\n ")
    assert answer.status // 100 == 2
    assert s3.get_bucket_policy(Bucket=bucket)["Policy"] == f"{text}\n "


def test_a_list_that_gives_all_to_the_owner_may_be_said_where_there_are_no_lists(s3: Any, bucket: str) -> None:
    """Documented with BucketOwnerEnforced, in XML as well."""
    me = owner_of(s3)
    full = {"Grantee": {"Type": "CanonicalUser", "ID": me}, "Permission": "FULL_CONTROL"}
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    whole = {"Owner": {"ID": me}, "Grants": [full]}
    s3.put_bucket_acl(Bucket=bucket, AccessControlPolicy=whole)
    s3.put_object_acl(Bucket=bucket, Key="k", AccessControlPolicy=whole)
    s3.put_object_acl(Bucket=bucket, Key="k", ACL="bucket-owner-full-control")
    for nothing in (
        {"Owner": {"ID": me}, "Grants": []},
        {"Owner": {"ID": me}, "Grants": [{**full, "Permission": "READ"}]},
    ):
        with refused("AccessControlListNotSupported", status=400):
            s3.put_bucket_acl(Bucket=bucket, AccessControlPolicy=nothing)
        with refused("AccessControlListNotSupported", status=400):
            s3.put_object_acl(Bucket=bucket, Key="k", AccessControlPolicy=nothing)
    assert grants(s3.get_object_acl(Bucket=bucket, Key="k")) == {(me, "FULL_CONTROL")}


def test_lists_of_machines_and_logs_are_lists_of_buckets_too(s3: Any, acl_bucket: str) -> None:
    """The model leaves them out."""
    for name, more in (("aws-exec-read", 1), ("log-delivery-write", 2), ("bucket-owner-full-control", 0)):
        s3.put_bucket_acl(Bucket=acl_bucket, ACL=name)
        assert len(s3.get_bucket_acl(Bucket=acl_bucket)["Grants"]) == 1 + more


# --------------------------------------------------------------------------- never set
@pytest.mark.parametrize("kind", ["analytics", "intelligent_tiering", "inventory", "metrics"])
def test_what_was_never_put_under_an_id_is_not_deleted(s3: Any, bucket: str, kind: str) -> None:
    with refused("NoSuchConfiguration", status=404):
        getattr(s3, f"delete_bucket_{kind}_configuration")(Bucket=bucket, Id="i")


@pytest.mark.parametrize("name", ["delete_bucket_lifecycle", "delete_bucket_replication", "delete_bucket_website"])
def test_what_was_never_put_is_deleted_all_the_same(s3: Any, bucket: str, name: str) -> None:
    assert getattr(s3, name)(Bucket=bucket)["ResponseMetadata"]["HTTPStatusCode"] == 204


def test_locks_of_objects_are_asked_for_in_vain(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    for call in (s3.get_object_legal_hold, s3.get_object_retention):
        with refused("InvalidRequest", "Bucket is missing Object Lock Configuration", status=400):
            call(Bucket=bucket, Key="k")


# --------------------------------------------------------------------------- documents and preflights
@pytest.mark.parametrize("subresource", ["tagging", "versioning", "cors", "policy", "encryption", "publicAccessBlock"])
def test_a_document_without_a_body_is_missed(http: Caller, bucket: str, subresource: str) -> None:
    answer = http.ask("PUT", f"/{bucket}?{subresource}", body=b"")
    assert answer.said == (400, "MissingRequestBodyError")


def test_a_preflight_names_a_bucket_that_exists(http: Caller, account: str) -> None:
    headers = {"Origin": "https://page.example", "Access-Control-Request-Method": "GET"}
    assert http.send("OPTIONS", f"/none-{account}/k", headers=headers).said == (404, "NoSuchBucket")
    assert http.send("OPTIONS", "/", headers=headers).said == (405, "MethodNotAllowed")


def test_a_refused_preflight_says_what_was_asked(http: Caller, s3: Any, bucket: str) -> None:
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [RULE]})
    headers = {"Origin": "https://page.example", "Access-Control-Request-Method": "PUT"}
    for target, kind in ((f"/{bucket}", "BUCKET"), (f"/{bucket}/k", "OBJECT")):
        error = http.send("OPTIONS", target, headers=headers).error
        assert (error["Code"], error["Method"], error["ResourceType"]) == ("AccessForbidden", "PUT", kind)
