"""Buckets: their names, Regions and owners; made, listed, deleted."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .access import denied, owner_of, put, refused
from .http_calls import Caller

IRELAND = {"LocationConstraint": "eu-west-1"}


@pytest.fixture
def ireland(client: Callable[..., Any]) -> Any:
    """S3 in another Region."""
    return client("s3", region="eu-west-1")


def names(answer: dict[str, Any]) -> list[str]:
    return [bucket["Name"] for bucket in answer["Buckets"]]


def region_header(answer: dict[str, Any]) -> str | None:
    return answer["ResponseMetadata"]["HTTPHeaders"].get("x-amz-bucket-region")


# --------------------------------------------------------------------------- names
@pytest.mark.parametrize("name", ["{}", "a.b.{}", "a-{}", "1{}", "{}" + "x" * 51, "{}-s3"])
def test_names_of_lower_case_letters_digits_dots_and_hyphens_are_taken(s3: Any, account: str, name: str) -> None:
    name = name.format(account)
    assert s3.create_bucket(Bucket=name)["Location"] == f"/{name}"
    put(s3, name, "k")
    assert names(s3.list_buckets()) == [name]


def test_a_name_may_have_three_characters(s3: Any) -> None:
    s3.create_bucket(Bucket="abc")
    assert names(s3.list_buckets()) == ["abc"]


@pytest.mark.parametrize(
    "name",
    [
        "ab",
        "a" * 64,
        "Upper",
        "under_score",
        "-start",
        "end-",
        ".start",
        "end.",
        "two..dots",
        "192.168.5.4",
        "xn--name",
        "sthree-name",
        "amzn-s3-demo-name",
        "name-s3alias",
        "name--ol-s3",
        "name.mrap",
        "name--x-s3",
        "name--table-s3",
        "name-123456789012-us-east-1-an",
        "sp%20ace",
        "n%C3%A4me",
    ],
)
def test_other_names_are_refused(http: Caller, s3: Any, name: str) -> None:
    answer = http.ask("PUT", f"/{name}")
    assert answer.said == (400, "InvalidBucketName")
    assert s3.list_buckets()["Buckets"] == []


# --------------------------------------------------------------------------- made twice
def test_in_us_east_1_making_ones_own_bucket_again_succeeds_and_loses_nothing(s3: Any, bucket: str) -> None:
    put(s3, bucket, "k")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    assert s3.create_bucket(Bucket=bucket)["Location"] == f"/{bucket}"
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    assert [one["Key"] for one in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["k"]


def test_in_us_east_1_making_ones_own_bucket_again_resets_its_acl(s3: Any, acl_bucket: str) -> None:
    s3.put_bucket_acl(Bucket=acl_bucket, ACL="public-read")
    s3.create_bucket(Bucket=acl_bucket)
    assert len(s3.get_bucket_acl(Bucket=acl_bucket)["Grants"]) == 1


def test_elsewhere_making_ones_own_bucket_again_is_refused(ireland: Any, account: str) -> None:
    name = f"twice-{account}"
    ireland.create_bucket(Bucket=name, CreateBucketConfiguration=IRELAND)
    with refused("BucketAlreadyOwnedByYou", status=409) as error:
        ireland.create_bucket(Bucket=name, CreateBucketConfiguration=IRELAND)
    assert error["BucketName"] == name


def test_a_name_that_another_account_has_is_refused(bucket: str, other: Any) -> None:
    with refused("BucketAlreadyExists", status=409):
        other.create_bucket(Bucket=bucket)
    assert other.list_buckets()["Buckets"] == []


def test_a_name_is_one_in_all_regions(bucket: str, client: Callable[..., Any], other_account: str) -> None:
    with refused("BucketAlreadyExists"):
        client("s3", account=other_account, region="eu-west-1").create_bucket(
            Bucket=bucket, CreateBucketConfiguration=IRELAND
        )


def test_of_many_accounts_that_want_a_name_at_once_one_gets_it(client: Callable[..., Any], account: str) -> None:
    clients = [client("s3", account=f"{digit}{account[1:]}") for digit in range(2, 8)]

    def create(one: Any) -> str:
        try:
            one.create_bucket(Bucket=f"wanted-{account}")
        except ClientError as error:
            return error.response["Error"]["Code"]
        return "got it"

    with ThreadPoolExecutor(len(clients)) as threads:
        outcomes = list(threads.map(create, clients))
    assert sorted(outcomes) == ["BucketAlreadyExists"] * 5 + ["got it"]
    winner = clients[outcomes.index("got it")]
    assert names(winner.list_buckets()) == [f"wanted-{account}"]


def test_nobody_makes_a_bucket_without_a_signature(anonymous: Any, s3: Any, account: str) -> None:
    with denied():
        anonymous.create_bucket(Bucket=f"nobodys-{account}")
    with refused("404"):
        s3.head_bucket(Bucket=f"nobodys-{account}")


# --------------------------------------------------------------------------- Regions
def test_a_bucket_without_a_constraint_is_in_us_east_1(s3: Any, bucket: str) -> None:
    assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] is None
    head = s3.head_bucket(Bucket=bucket)
    assert head["BucketRegion"] == region_header(head) == "us-east-1"


def test_a_bucket_is_where_its_constraint_says(ireland: Any, account: str) -> None:
    name = f"emerald-{account}"
    made = ireland.create_bucket(Bucket=name, CreateBucketConfiguration=IRELAND)
    assert re.fullmatch(rf"http://.*{name}.*/", made["Location"])
    assert ireland.get_bucket_location(Bucket=name)["LocationConstraint"] == "eu-west-1"
    assert ireland.head_bucket(Bucket=name)["BucketRegion"] == "eu-west-1"
    assert region_header(ireland.list_objects_v2(Bucket=name)) == "eu-west-1"


def test_the_old_constraint_eu_is_ireland(s3: Any, ireland: Any, account: str) -> None:
    s3.create_bucket(Bucket=f"old-{account}", CreateBucketConfiguration={"LocationConstraint": "EU"})
    assert ireland.get_bucket_location(Bucket=f"old-{account}")["LocationConstraint"] == "EU"
    assert ireland.head_bucket(Bucket=f"old-{account}")["BucketRegion"] == "eu-west-1"


def test_from_us_east_1_a_bucket_may_be_made_anywhere(s3: Any, ireland: Any, account: str) -> None:
    """The global endpoint is in us-east-1 and takes every constraint."""
    made = s3.create_bucket(Bucket=f"far-{account}", CreateBucketConfiguration=IRELAND)
    assert made["Location"].startswith("http://")
    put(ireland, f"far-{account}", "k")


@pytest.mark.parametrize("constraint", ["us-east-1", "atlantis", "eu-west-99"])
def test_constraints_that_are_no_regions_are_refused(s3: Any, account: str, constraint: str) -> None:
    """us-east-1 is asked for by no constraint."""
    with refused("InvalidLocationConstraint", "location-constraint is not valid", status=400):
        s3.create_bucket(Bucket=f"b-{account}", CreateBucketConfiguration={"LocationConstraint": constraint})
    assert s3.list_buckets()["Buckets"] == []


@pytest.mark.parametrize("constraint", ["eu-central-1", None])
def test_elsewhere_the_constraint_is_the_regions_own(ireland: Any, account: str, constraint: str | None) -> None:
    more = {"CreateBucketConfiguration": {"LocationConstraint": constraint}} if constraint else {}
    sentence = f"The {constraint or 'unspecified'} location constraint is incompatible"
    with refused("IllegalLocationConstraintException", sentence, status=400):
        ireland.create_bucket(Bucket=f"b-{account}", **more)


def test_a_client_of_another_region_is_led_to_the_bucket(s3: Any, ireland: Any, account: str) -> None:
    """SDKs follow the Region they are told, whether by an error or in a header."""
    name = f"elsewhere-{account}"
    ireland.create_bucket(Bucket=name, CreateBucketConfiguration=IRELAND)
    put(ireland, name, "k", body=b"found")
    assert s3.get_object(Bucket=name, Key="k")["Body"].read() == b"found"
    assert s3.head_object(Bucket=name, Key="k")["ContentLength"] == 5
    put(s3, name, "k2")
    assert s3.list_objects_v2(Bucket=name)["KeyCount"] == 2


def test_a_request_for_another_region_is_told_the_region(http: Caller, ireland: Any, account: str) -> None:
    name = f"elsewhere-{account}"
    ireland.create_bucket(Bucket=name, CreateBucketConfiguration=IRELAND)
    answer = http.ask("HEAD", f"/{name}")
    assert answer.headers["x-amz-bucket-region"] == "eu-west-1"
    assert answer.body == b""


# --------------------------------------------------------------------------- heads
def test_a_missing_bucket_has_no_head(s3: Any, account: str) -> None:
    with refused("404", status=404):
        s3.head_bucket(Bucket=f"none-{account}")


def test_a_strangers_bucket_says_its_region_and_nothing_else(bucket: str, other: Any, anonymous: Any) -> None:
    for stranger in (other, anonymous):
        with pytest.raises(ClientError) as caught:
            stranger.head_bucket(Bucket=bucket)
        assert caught.value.response["Error"]["Code"] == "403"
        assert region_header(caught.value.response) == "us-east-1"


def test_waiters_see_a_bucket_come_and_go(s3: Any, bucket: str) -> None:
    s3.get_waiter("bucket_exists").wait(Bucket=bucket)
    s3.delete_bucket(Bucket=bucket)
    s3.get_waiter("bucket_not_exists").wait(Bucket=bucket)


# --------------------------------------------------------------------------- lists
@pytest.fixture
def several(s3: Any, ireland: Any, account: str) -> list[str]:
    """Six buckets, three of them in Ireland, not made in the order of their names."""
    wanted = [f"{letter}-{account}" for letter in "fadceb"]
    for name in wanted[:3]:
        s3.create_bucket(Bucket=name)
    for name in wanted[3:]:
        ireland.create_bucket(Bucket=name, CreateBucketConfiguration=IRELAND)
    return sorted(wanted)


def test_a_list_has_all_of_ones_own_buckets_of_all_regions_by_name(
    s3: Any, ireland: Any, several: list[str], other: Any
) -> None:
    other_bucket = f"z-{several[0]}"
    other.create_bucket(Bucket=other_bucket)
    assert names(s3.list_buckets()) == names(ireland.list_buckets()) == several
    assert names(other.list_buckets()) == [other_bucket]


def test_a_list_says_when_a_bucket_was_made_and_whose_it_is(s3: Any, bucket: str, other: Any) -> None:
    answer = s3.list_buckets()
    age = datetime.now(UTC) - answer["Buckets"][0]["CreationDate"]
    assert abs(age.total_seconds()) < 60
    owner = answer["Owner"]
    assert len(owner["ID"]) == 64
    assert int(owner["ID"], 16) >= 0
    assert owner["ID"] == s3.get_bucket_acl(Bucket=bucket)["Owner"]["ID"]
    assert owner["ID"] != owner_of(other)
    assert "ContinuationToken" not in answer


def test_all_pages_of_a_list_together_are_the_list(s3: Any, several: list[str]) -> None:
    for size in (1, 2, 4, 6, 10_000):
        found: list[str] = []
        more: dict[str, Any] = {}
        while True:
            page = s3.list_buckets(MaxBuckets=size, **more)
            assert len(page["Buckets"]) <= size
            found += names(page)
            if "ContinuationToken" not in page:
                break
            more = {"ContinuationToken": page["ContinuationToken"]}
        assert found == several


def test_botocores_paginator_lists_all_buckets(s3: Any, several: list[str]) -> None:
    pages = s3.get_paginator("list_buckets").paginate(PaginationConfig={"PageSize": 4})
    assert [name for page in pages for name in names(page)] == several


def test_a_list_that_was_asked_with_a_parameter_names_each_buckets_region(s3: Any, several: list[str]) -> None:
    regions = {one["BucketRegion"] for one in s3.list_buckets(MaxBuckets=10)["Buckets"]}
    assert regions == {"us-east-1", "eu-west-1"}


def test_a_list_may_be_of_a_prefix(s3: Any, several: list[str], account: str) -> None:
    s3.create_bucket(Bucket=f"d-{account}-more")
    answer = s3.list_buckets(Prefix=f"d-{account}")
    assert names(answer) == [f"d-{account}", f"d-{account}-more"]
    assert answer["Prefix"] == f"d-{account}"
    first = s3.list_buckets(Prefix="d-", MaxBuckets=1)
    rest = s3.list_buckets(Prefix="d-", MaxBuckets=1, ContinuationToken=first["ContinuationToken"])
    assert names(first) + names(rest) == names(answer)
    assert names(s3.list_buckets(Prefix="nothing")) == []


def test_a_list_may_be_of_the_region_that_is_asked(ireland: Any, s3: Any, several: list[str]) -> None:
    here = names(s3.list_buckets(BucketRegion="us-east-1"))
    there = names(ireland.list_buckets(BucketRegion="eu-west-1"))
    assert len(here) == len(there) == 3
    assert sorted(here + there) == several
    with refused("InvalidArgument", status=400):
        ireland.list_buckets(BucketRegion="us-west-2")


@pytest.mark.parametrize("size", ["0", "-1", "10001", "many"])
def test_page_sizes_out_of_bounds_are_refused(http: Caller, size: str) -> None:
    answer = http.ask("GET", f"/?max-buckets={size}")
    assert answer.said == (400, "InvalidArgument")
    assert answer.error["ArgumentValue"] == size


def test_a_token_that_was_never_given_is_refused(s3: Any, several: list[str]) -> None:
    with refused("InvalidArgument", status=400):
        s3.list_buckets(MaxBuckets=2, ContinuationToken="bogus")


def test_nobody_lists_buckets_without_a_signature(http: Caller, bucket: str) -> None:
    """AWS leads browsers to its product page instead."""
    answer = http.send("GET", "/")
    assert answer.status in {307, 403}
    assert bucket.encode() not in answer.body


# --------------------------------------------------------------------------- deletions
def test_a_deleted_bucket_is_gone_with_all_that_was_said_of_it(s3: Any, bucket: str) -> None:
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    answer = s3.delete_bucket(Bucket=bucket)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert s3.list_buckets()["Buckets"] == []
    for call in (s3.delete_bucket, s3.list_objects_v2, s3.get_bucket_tagging):
        with refused("NoSuchBucket", status=404) as error:
            call(Bucket=bucket)
        assert error["BucketName"] == bucket
    s3.create_bucket(Bucket=bucket)
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)
    with refused("NoSuchTagSet"):
        s3.get_bucket_tagging(Bucket=bucket)


def test_a_deleted_buckets_name_is_free_for_everyone(s3: Any, bucket: str, other: Any) -> None:
    s3.delete_bucket(Bucket=bucket)
    other.create_bucket(Bucket=bucket)
    with denied():
        s3.list_objects_v2(Bucket=bucket)


def test_a_bucket_with_objects_is_not_deleted(s3: Any, bucket: str) -> None:
    put(s3, bucket, "k")
    with refused("BucketNotEmpty", "not empty", status=409) as error:
        s3.delete_bucket(Bucket=bucket)
    assert error["BucketName"] == bucket
    s3.delete_object(Bucket=bucket, Key="k")
    s3.delete_bucket(Bucket=bucket)


def test_a_bucket_with_old_versions_or_delete_markers_is_not_deleted(s3: Any, bucket: str) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket=bucket, Key="k", Body=b"x")["VersionId"]
    marker = s3.delete_object(Bucket=bucket, Key="k")["VersionId"]
    for one in (version, marker):
        with refused("BucketNotEmpty", "You must delete all versions in the bucket", status=409):
            s3.delete_bucket(Bucket=bucket)
        s3.delete_object(Bucket=bucket, Key="k", VersionId=one)
    s3.delete_bucket(Bucket=bucket)


def test_uploads_that_nobody_completed_do_not_keep_a_bucket(s3: Any, bucket: str) -> None:
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    s3.upload_part(Bucket=bucket, Key="k", UploadId=upload, PartNumber=1, Body=b"x")
    s3.delete_bucket(Bucket=bucket)
    s3.create_bucket(Bucket=bucket)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)
    with refused("NoSuchUpload"):
        s3.list_parts(Bucket=bucket, Key="k", UploadId=upload)


def test_another_accounts_bucket_is_not_deleted(s3: Any, bucket: str, other: Any, anonymous: Any) -> None:
    for stranger in (other, anonymous):
        with denied():
            stranger.delete_bucket(Bucket=bucket)
    s3.head_bucket(Bucket=bucket)


# --------------------------------------------------------------------------- what is asked for at creation
@pytest.mark.parametrize("ownership", ["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"])
def test_ownership_may_be_chosen_at_creation(s3: Any, account: str, ownership: str) -> None:
    s3.create_bucket(Bucket=f"own-{account}", ObjectOwnership=ownership)
    controls = s3.get_bucket_ownership_controls(Bucket=f"own-{account}")["OwnershipControls"]
    assert controls == {"Rules": [{"ObjectOwnership": ownership}]}


def test_tags_may_be_given_at_creation(s3: Any, account: str) -> None:
    tags = [{"Key": "team", "Value": "a"}]
    s3.create_bucket(Bucket=f"tagged-{account}", CreateBucketConfiguration={"Tags": tags})
    assert s3.get_bucket_tagging(Bucket=f"tagged-{account}")["TagSet"] == tags


def test_an_acl_at_creation_needs_ownership_that_has_acls(s3: Any, account: str) -> None:
    with refused("InvalidBucketAclWithObjectOwnership", "BucketOwnerEnforced", status=400):
        s3.create_bucket(Bucket=f"acl-{account}", ACL="public-read", ObjectOwnership="BucketOwnerEnforced")
    assert s3.list_buckets()["Buckets"] == []
    s3.create_bucket(Bucket=f"acl-{account}", ACL="private")


@pytest.mark.parametrize("acl", ["public-read", "public-read-write", "authenticated-read"])
def test_no_bucket_is_made_public(s3: Any, account: str, acl: str) -> None:
    """New buckets block public access, so a public ACL can only be set later."""
    with refused("InvalidBucketAclWithBlockPublicAccessError", status=400):
        s3.create_bucket(Bucket=f"acl-{account}", ACL=acl, ObjectOwnership="ObjectWriter")
    assert s3.list_buckets()["Buckets"] == []


@pytest.mark.parametrize("asked", [{"ObjectLockEnabledForBucket": True}, {"BucketNamespace": "account-regional"}])
def test_what_is_not_there_yet_is_refused_by_name(s3: Any, account: str, asked: dict[str, Any]) -> None:
    with refused("NotImplemented", next(iter(asked)), status=501):
        s3.create_bucket(Bucket=f"later-{account}", **asked)
    assert s3.list_buckets()["Buckets"] == []
