"""The conditions that a bucket's policy may set."""

from __future__ import annotations

from typing import Any

import pytest

from .access import allow, arn, denied, deny, put, read, set_policy
from .http_calls import Caller


def conditions(s3: Any, bucket: str, actions: Any, **condition: Any) -> None:
    set_policy(s3, bucket, allow(bucket, actions, "*", Condition=condition))


def test_a_callers_address_may_be_asked_for(s3: Any, open_bucket: str, anonymous: Any) -> None:
    put(s3, open_bucket, "k")
    conditions(s3, open_bucket, "s3:GetObject", IpAddress={"aws:SourceIp": "127.0.0.0/8"})
    read(anonymous, open_bucket, "k")
    conditions(s3, open_bucket, "s3:GetObject", IpAddress={"aws:SourceIp": ["203.0.113.0/24", "2001:db8::/32"]})
    with denied():
        read(anonymous, open_bucket, "k")
    conditions(s3, open_bucket, "s3:GetObject", NotIpAddress={"aws:SourceIp": "127.0.0.1"})
    with denied():
        read(anonymous, open_bucket, "k")


def test_plain_http_may_be_denied(s3: Any, filled: str, http: Caller) -> None:
    insecure = {"Bool": {"aws:SecureTransport": "false"}}
    set_policy(s3, filled, deny(filled, "s3:*", Condition=insecure))
    with denied():
        read(s3, filled, "k")
    assert http.ask("GET", f"/{filled}/k", tls=True).body == b"text"


def test_a_prefix_may_be_asked_for(s3: Any, bucket: str, other: Any, other_account: str) -> None:
    put(s3, bucket, "home/a", "other/b")
    home = {"StringLike": {"s3:prefix": ["home/*", "exact"]}}
    set_policy(s3, bucket, allow(bucket, "s3:ListBucket", other_account, Condition=home))
    for listing in (other.list_objects, other.list_objects_v2):
        assert [one["Key"] for one in listing(Bucket=bucket, Prefix="home/")["Contents"]] == ["home/a"]
        listing(Bucket=bucket, Prefix="exact")
        for prefix in ("", "home", "other/", "exact/"):
            with denied():
                listing(Bucket=bucket, Prefix=prefix)
        with denied():
            listing(Bucket=bucket)


def test_a_delimiter_and_a_page_size_may_be_asked_for(s3: Any, bucket: str, other: Any, other_account: str) -> None:
    wanted = {"StringEquals": {"s3:delimiter": "/"}, "NumericLessThanEquals": {"s3:max-keys": "10"}}
    set_policy(s3, bucket, allow(bucket, "s3:ListBucket", other_account, Condition=wanted))
    other.list_objects_v2(Bucket=bucket, Delimiter="/", MaxKeys=10)
    for more in ({"Delimiter": "/", "MaxKeys": 11}, {"MaxKeys": 10}, {"Delimiter": "-", "MaxKeys": 10}):
        with denied():
            other.list_objects_v2(Bucket=bucket, **more)


def test_an_acl_may_be_asked_for(s3: Any, bucket: str, other: Any, other_account: str) -> None:
    full = {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}}
    set_policy(s3, bucket, allow(bucket, "s3:PutObject", other_account, Condition=full))
    put(other, bucket, "k", ACL="bucket-owner-full-control")
    with denied():
        put(other, bucket, "k2")


def test_an_objects_tags_may_be_asked_for(s3: Any, bucket: str, other: Any, other_account: str) -> None:
    put(s3, bucket, "yes", Tagging="open=true&more=x")
    put(s3, bucket, "no", Tagging="open=false")
    put(s3, bucket, "untagged")
    tagged = {"StringEquals": {"s3:ExistingObjectTag/open": "true"}}
    actions = ["s3:GetObject", "s3:GetObjectTagging"]
    set_policy(s3, bucket, allow(bucket, actions, other_account, Condition=tagged))
    read(other, bucket, "yes")
    other.get_object_tagging(Bucket=bucket, Key="yes")
    for key in ("no", "untagged", "none"):
        with denied():
            read(other, bucket, key)
    s3.put_object_tagging(Bucket=bucket, Key="untagged", Tagging={"TagSet": [{"Key": "open", "Value": "true"}]})
    read(other, bucket, "untagged")


def test_the_tags_of_a_new_object_may_be_asked_for(s3: Any, bucket: str, other: Any, other_account: str) -> None:
    wanted = {
        "StringEquals": {"s3:RequestObjectTag/team": "a"},
        "ForAllValues:StringEquals": {"s3:RequestObjectTagKeys": ["team", "more"]},
    }
    actions = ["s3:PutObject", "s3:PutObjectTagging"]
    set_policy(s3, bucket, allow(bucket, actions, other_account, Condition=wanted))
    put(other, bucket, "k", Tagging="team=a&more=x")
    for tagging in ("team=b", "more=x", "team=a&less=x"):
        with denied():
            put(other, bucket, "k2", Tagging=tagging)
    with denied():
        put(other, bucket, "k2")


def test_tags_on_a_new_object_need_a_permission_of_their_own(
    s3: Any, bucket: str, other: Any, other_account: str
) -> None:
    set_policy(s3, bucket, allow(bucket, "s3:PutObject", other_account))
    put(other, bucket, "k")
    with denied():
        put(other, bucket, "k2", Tagging="a=b")


def test_a_version_may_be_asked_for(s3: Any, bucket: str, other: Any, other_account: str) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first, second = (s3.put_object(Bucket=bucket, Key="k", Body=b"x")["VersionId"] for _ in range(2))
    wanted = {"StringEquals": {"s3:VersionId": first}}
    set_policy(s3, bucket, allow(bucket, "s3:GetObjectVersion", other_account, Condition=wanted))
    read(other, bucket, "k", VersionId=first)
    with denied():
        read(other, bucket, "k", VersionId=second)


@pytest.mark.parametrize(
    ("condition", "good", "bad"),
    [
        ({"StringEquals": {"s3:x-amz-storage-class": "STANDARD_IA"}}, {"StorageClass": "STANDARD_IA"}, {}),
        (
            {"StringEquals": {"s3:x-amz-server-side-encryption": "AES256"}},
            {"ServerSideEncryption": "AES256"},
            {},
        ),
        ({"Null": {"s3:if-none-match": "false"}}, {"IfNoneMatch": "*"}, {}),
    ],
)
def test_headers_of_a_put_may_be_asked_for(
    s3: Any, bucket: str, other: Any, other_account: str, condition: Any, good: Any, bad: Any
) -> None:
    set_policy(s3, bucket, allow(bucket, "s3:PutObject", other_account, Condition=condition))
    put(other, bucket, "good", **good)
    with denied():
        put(other, bucket, "bad", **bad)


def test_a_copys_source_may_be_asked_for(s3: Any, bucket: str, other: Any, other_account: str) -> None:
    put(s3, bucket, "from/a", "other/b")
    wanted = {"StringLike": {"s3:x-amz-copy-source": f"{bucket}/from/*"}}
    set_policy(
        s3,
        bucket,
        allow(bucket, "s3:GetObject", other_account),
        allow(bucket, "s3:PutObject", other_account, Condition=wanted),
    )
    other.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "from/a"})
    with denied():
        other.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "other/b"})
    with denied():
        put(other, bucket, "plain")


def test_how_it_was_signed_may_be_asked_for(s3: Any, s3v4: Any, filled: str, http: Caller) -> None:
    presigned = s3v4.generate_presigned_url("get_object", Params={"Bucket": filled, "Key": "k"})
    target = presigned.partition(f":{http.port}")[2]
    set_policy(s3, filled, deny(filled, "s3:*", Condition={"StringNotEquals": {"s3:authType": "REST-HEADER"}}))
    assert read(s3, filled, "k") == b"text"
    assert http.send("GET", target).status == 403
    set_policy(s3, filled, deny(filled, "s3:*", Condition={"StringEquals": {"s3:authType": "REST-HEADER"}}))
    assert http.send("GET", target).body == b"text"
    with denied():
        read(s3, filled, "k")


def test_a_referer_and_a_user_agent_may_be_asked_for(s3: Any, open_bucket: str, http: Caller) -> None:
    put(s3, open_bucket, "k")
    wanted = {"StringLike": {"aws:Referer": "https://a.example/*", "aws:UserAgent": "*Gecko*"}}
    conditions(s3, open_bucket, "s3:GetObject", **wanted)
    good = {"Referer": "https://a.example/page", "User-Agent": "Mozilla/5.0 Gecko/1"}
    assert http.send("GET", f"/{open_bucket}/k", headers=good).status == 200
    for name in good:
        assert http.send("GET", f"/{open_bucket}/k", headers={**good, name: "other"}).status == 403


def test_the_callers_account_may_be_asked_for_and_stand_in_a_resource(
    s3: Any, open_bucket: str, other: Any, other_account: str, anonymous: Any
) -> None:
    put(s3, open_bucket, f"{other_account}/a", "else/a")
    conditions(s3, open_bucket, "s3:GetObject", StringEquals={"aws:PrincipalAccount": other_account})
    read(other, open_bucket, "else/a")
    with denied():
        read(anonymous, open_bucket, "else/a")
    own = arn(open_bucket, "${aws:PrincipalAccount}/*")
    set_policy(s3, open_bucket, allow(open_bucket, "s3:GetObject", other_account, Resource=own))
    read(other, open_bucket, f"{other_account}/a")
    with denied():
        read(other, open_bucket, "else/a")


def test_a_time_may_be_asked_for(s3: Any, filled: str, other: Any, other_account: str) -> None:
    for operator, allowed in (("DateGreaterThan", True), ("DateLessThan", False)):
        condition = {operator: {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}
        set_policy(s3, filled, allow(filled, "s3:GetObject", other_account, Condition=condition))
        if allowed:
            read(other, filled, "k")
        else:
            with denied():
                read(other, filled, "k")
