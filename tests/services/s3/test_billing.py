"""What S3 puts on the bill. Costs are by the sample book: the figures here are made by hand from its prices."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from cloud import CloudProcess
from fogstead.services.s3.billing import CLASSES
from fogstead.services.s3.objects import _ARCHIVED, _ELSEWHERE
from fogstead.services.s3.service import s3 as service
from services.ce.bill import Lines, go_to, lines, month, next_month, today

MIB = 1024 * 1024
GIB = 1024 * MIB
KIB_128 = 128 * 1024


class Billed:
    """A bucket of an account of its own, and the account's bill."""

    def __init__(self, cloud: CloudProcess, account: str) -> None:
        self.cloud, self.account = cloud, account
        self.s3 = cloud.client("s3", account=account)
        self.ce = cloud.client("ce", account=account)
        self.bucket = f"billed-{account}"
        self.s3.create_bucket(Bucket=self.bucket)

    def lines(self, day: date | None = None, *by: str) -> Lines:
        """The bill of a month, this one's unless said otherwise."""
        return lines(self.ce, month(day or today(self.cloud)), *by)

    def put(self, key: str, size: int, **more: Any) -> Any:
        """An object of so many bytes."""
        return self.s3.put_object(Bucket=self.bucket, Key=key, Body=b"x" * size, **more)


@pytest.fixture
def billed(cloud: CloudProcess, account: str) -> Billed:
    return Billed(cloud, account)


@pytest.fixture
def own(own_cloud: CloudProcess, account: str) -> Billed:
    """On a cloud whose clock stands at the beginning of a month."""
    go_to(own_cloud, next_month(today(own_cloud)))
    return Billed(own_cloud, account)


def _near(amount: Decimal, wanted: float) -> bool:
    """Time runs on while a test does: seconds of a month are within this, an hour is not."""
    return float(amount) == pytest.approx(wanted, rel=5e-5, abs=1e-10)


# --------------------------------------------------------------------------- requests
def test_requests_are_billed_by_tier_and_operation(billed: Billed) -> None:
    billed.put("a", 10)
    billed.s3.get_object(Bucket=billed.bucket, Key="a")
    billed.s3.head_object(Bucket=billed.bucket, Key="a")
    billed.s3.list_objects_v2(Bucket=billed.bucket)
    billed.s3.copy_object(Bucket=billed.bucket, Key="b", CopySource=f"{billed.bucket}/a")
    billed.s3.delete_object(Bucket=billed.bucket, Key="a")
    billed.s3.delete_objects(Bucket=billed.bucket, Delete={"Objects": [{"Key": "b"}]})
    found = billed.lines()
    assert found["Requests-Tier1"] == (4, Decimal("0.00002"))  # create, put, list, copy
    assert found["Requests-Tier2"] == (2, Decimal("0.0000008"))
    by_operation = billed.lines(None, "OPERATION")
    assert by_operation["PutObject"] == (1, Decimal("0.000005"))
    assert {"DeleteObject", "DeleteObjects"}.isdisjoint(by_operation)


def test_requests_cost_what_the_class_costs(billed: Billed) -> None:
    billed.put("a", 10, StorageClass="STANDARD_IA")
    billed.s3.get_object(Bucket=billed.bucket, Key="a")
    found = billed.lines()
    assert found["Requests-SIA-Tier1"] == (1, Decimal("0.00001"))
    assert found["Requests-SIA-Tier2"] == (1, Decimal("0.000001"))
    assert found["Retrieval-SIA"][0] == Decimal(10) / GIB // Decimal("1e-10") * Decimal("1e-10")


def test_errors_of_clients_are_billed_and_strangers_cost_the_owner_nothing(billed: Billed, cloud: CloudProcess) -> None:
    with pytest.raises(ClientError):
        billed.s3.get_object(Bucket=billed.bucket, Key="nothing")
    stranger = cloud.client("s3", account="999999999990")
    nobody = boto3.client("s3", endpoint_url=cloud.endpoint, config=Config(signature_version=UNSIGNED))
    for client in (stranger, nobody):
        with pytest.raises(ClientError):
            client.get_object(Bucket=billed.bucket, Key="nothing")
    assert billed.lines()["Requests-Tier2"][0] == 1


def test_what_is_not_implemented_costs_nothing(billed: Billed) -> None:
    before = billed.lines()
    with pytest.raises(ClientError):
        billed.put("a", 1, ObjectLockMode="GOVERNANCE")
    assert billed.lines() == before


def test_requesters_pay_where_they_are_to(billed: Billed, cloud: CloudProcess) -> None:
    other = "999999999991"
    billed.put("a", 3 * MIB)
    policy = (
        '{"Statement": {"Effect": "Allow", "Principal": {"AWS": "%s"}, "Action": "s3:GetObject", "Resource": '
        '"arn:aws:s3:::%s/*"}}'
    )
    billed.s3.put_bucket_policy(Bucket=billed.bucket, Policy=policy % (other, billed.bucket))
    billed.s3.put_bucket_request_payment(Bucket=billed.bucket, RequestPaymentConfiguration={"Payer": "Requester"})
    before = billed.lines()
    requester = cloud.client("s3", account=other)
    requester.get_object(Bucket=billed.bucket, Key="a", RequestPayer="requester")["Body"].read()
    assert billed.lines() == {**before, "TimedStorage-ByteHrs": billed.lines()["TimedStorage-ByteHrs"]}
    theirs = lines(cloud.client("ce", account=other), month(today(cloud)))
    assert theirs["Requests-Tier2"][0] == 1
    assert theirs["DataTransfer-Out-Bytes"][0] > 0
    assert "TimedStorage-ByteHrs" not in theirs


def test_bytes_that_leave_are_counted_as_they_are_asked_for(billed: Billed) -> None:
    billed.put("a", 5 * MIB)
    billed.s3.get_object(Bucket=billed.bucket, Key="a")["Body"].read()
    billed.s3.get_object(Bucket=billed.bucket, Key="a", Range=f"bytes=0-{MIB - 1}")["Body"].read()
    billed.s3.head_object(Bucket=billed.bucket, Key="a")
    assert billed.lines()["DataTransfer-Out-Bytes"] == (Decimal(6) / 1024, 0)  # below the 100 GB that are free


# --------------------------------------------------------------------------- what is held
def test_a_month_of_storage_is_its_gb_month(own: Billed) -> None:
    start = today(own.cloud)
    own.put("a", 8 * MIB)
    go_to(own.cloud, next_month(start))
    held, cost = own.lines(start)["TimedStorage-ByteHrs"]
    assert _near(held, 8 / 1024)
    assert _near(cost, 8 / 1024 * 0.023)


def test_storage_is_billed_as_long_as_it_is_held(own: Billed) -> None:
    start = today(own.cloud)
    days = (next_month(start) - start).days
    own.put("a", 8 * MIB)
    own.put("b", 4 * MIB)
    go_to(own.cloud, start + timedelta(days=10))
    own.s3.delete_object(Bucket=own.bucket, Key="a")
    own.put("b", MIB)
    go_to(own.cloud, start + timedelta(days=20))
    own.s3.delete_object(Bucket=own.bucket, Key="b")
    go_to(own.cloud, next_month(start))
    assert _near(own.lines(start)["TimedStorage-ByteHrs"][0], (12 * 10 + 1 * 10) / days / 1024)
    assert "TimedStorage-ByteHrs" not in own.lines()


def test_versions_are_billed_until_they_are_gone_for_good(own: Billed) -> None:
    start = today(own.cloud)
    days = (next_month(start) - start).days
    own.s3.put_bucket_versioning(Bucket=own.bucket, VersioningConfiguration={"Status": "Enabled"})
    first = own.put("a", 2 * MIB)["VersionId"]
    own.put("a", MIB)
    own.s3.delete_object(Bucket=own.bucket, Key="a")
    go_to(own.cloud, start + timedelta(days=10))
    own.s3.delete_object(Bucket=own.bucket, Key="a", VersionId=first)
    go_to(own.cloud, start + timedelta(days=20))
    assert _near(own.lines(start)["TimedStorage-ByteHrs"][0], (3 * 10 + 1 * 10) / days / 1024)


def test_parts_are_billed_while_their_upload_is_open(own: Billed) -> None:
    start = today(own.cloud)
    days = (next_month(start) - start).days
    made = [own.s3.create_multipart_upload(Bucket=own.bucket, Key=key)["UploadId"] for key in ("a", "b")]
    etags = []
    for key, upload in zip(("a", "b"), made, strict=True):
        for number in (1, 2):
            part = {"Bucket": own.bucket, "Key": key, "UploadId": upload, "PartNumber": number}
            own.s3.upload_part(**part, Body=b"y" * MIB)
            etags.append(own.s3.upload_part(**part, Body=b"x" * 5 * MIB)["ETag"])
    go_to(own.cloud, start + timedelta(days=10))
    own.s3.abort_multipart_upload(Bucket=own.bucket, Key="b", UploadId=made[1])
    own.s3.complete_multipart_upload(
        Bucket=own.bucket, Key="a", UploadId=made[0], MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etags[0]}]}
    )
    go_to(own.cloud, start + timedelta(days=20))
    found = own.lines(start)
    assert _near(found["TimedStorage-ByteHrs"][0], (20 * 10 + 5 * 10) / days / 1024)
    by_operation = own.lines(start, "OPERATION")
    assert by_operation["UploadPart"][0] == 8
    assert by_operation["CompleteMultipartUpload"][0] == 1


def test_a_bucket_that_is_gone_holds_nothing(own: Billed) -> None:
    start = today(own.cloud)
    upload = own.s3.create_multipart_upload(Bucket=own.bucket, Key="a")["UploadId"]
    own.s3.upload_part(Bucket=own.bucket, Key="a", UploadId=upload, PartNumber=1, Body=b"x" * MIB)
    own.s3.delete_bucket(Bucket=own.bucket)
    go_to(own.cloud, start + timedelta(days=10))
    assert own.lines(start)["TimedStorage-ByteHrs"][0] < Decimal("0.000001")


def test_tags_of_a_bucket_go_with_its_bill_from_when_they_are_set(own: Billed) -> None:
    start = today(own.cloud)
    days = (next_month(start) - start).days
    own.put("a", 8 * MIB)
    go_to(own.cloud, start + timedelta(days=10))
    own.s3.put_bucket_tagging(Bucket=own.bucket, Tagging={"TagSet": [{"Key": "team", "Value": "red"}]})
    own.s3.get_object(Bucket=own.bucket, Key="a")
    go_to(own.cloud, start + timedelta(days=25))
    found = own.lines(start, "USAGE_TYPE", "tag:team")
    assert _near(found["TimedStorage-ByteHrs/team$"][0], 8 * 10 / days / 1024)
    assert _near(found["TimedStorage-ByteHrs/team$red"][0], 8 * 15 / days / 1024)
    assert found["Requests-Tier2/team$red"][0] == 1


# --------------------------------------------------------------------------- other classes
def test_small_objects_of_infrequent_access_count_as_128_kib(own: Billed) -> None:
    start = today(own.cloud)
    own.put("a", 28 * 1024, StorageClass="STANDARD_IA")
    own.put("b", 200 * 1024, StorageClass="STANDARD_IA")
    go_to(own.cloud, next_month(start))
    found = own.lines(start)
    assert _near(found["TimedStorage-SIA-ByteHrs"][0], 228 * 1024 / GIB)
    assert _near(found["TimedStorage-SIA-SmObjects"][0], 100 * 1024 / GIB)
    assert _near(found["TimedStorage-SIA-SmObjects"][1], 100 * 1024 / GIB * 0.0125)


def test_what_goes_before_its_30_days_is_billed_for_the_rest(own: Billed) -> None:
    start = today(own.cloud)
    days = (next_month(start) - start).days
    own.put("a", 8 * MIB, StorageClass="STANDARD_IA")
    own.put("b", 10, StorageClass="ONEZONE_IA")
    go_to(own.cloud, start + timedelta(days=10))
    own.s3.delete_object(Bucket=own.bucket, Key="a")
    own.put("b", 10)
    found = own.lines(start)
    held, early = found["TimedStorage-SIA-ByteHrs"], found["EarlyDelete-SIA"]
    assert _near(held[0], 8 * 10 / days / 1024)
    assert _near(early[0], 8 * 20 / days / 1024)
    assert _near(early[1], 8 * 20 / days / 1024 * 0.0125)
    assert _near(found["EarlyDelete-ZIA"][0], KIB_128 * 20 / days / GIB)


def test_what_stayed_its_30_days_goes_without_a_charge(own: Billed) -> None:
    start = today(own.cloud)
    own.put("a", 8 * MIB, StorageClass="STANDARD_IA")
    go_to(own.cloud, start + timedelta(days=31))
    own.s3.delete_object(Bucket=own.bucket, Key="a")
    assert "EarlyDelete-SIA" not in {**own.lines(start), **own.lines()}


def test_intelligent_tiering_watches_objects_that_are_large_enough(own: Billed) -> None:
    start = today(own.cloud)
    own.put("a", KIB_128, StorageClass="INTELLIGENT_TIERING")
    own.put("b", KIB_128 - 1, StorageClass="INTELLIGENT_TIERING")
    go_to(own.cloud, next_month(start))
    assert _near(own.lines(start)["Monitoring-Automation-INT"][0], 1)


def test_every_class_that_is_taken_has_its_lines() -> None:
    shape = service.model.operation("PutObject").input
    assert shape is not None
    assert set(CLASSES) == set(shape.members["StorageClass"].enum) - _ARCHIVED - _ELSEWHERE


def test_a_bucket_elsewhere_is_billed_there(cloud: CloudProcess, account: str) -> None:
    s3 = cloud.client("s3", account=account, region="eu-central-1")
    name = f"billed-eu-{account}"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    s3.put_object(Bucket=name, Key="a", Body=b"x")
    found = lines(cloud.client("ce", account=account), month(today(cloud)), "REGION", "USAGE_TYPE")
    assert found["eu-central-1/EUC1-Requests-Tier1"] == (2, Decimal("0.0000108"))


# --------------------------------------------------------------------------- kills
def test_a_kill_loses_no_storage_and_at_most_the_last_requests(own: Billed, client: Callable[..., Any]) -> None:
    start = today(own.cloud)
    for number in range(5):
        own.put(str(number), MIB)
    before = own.lines()["Requests-Tier1"][0]
    for number in range(5, 10):
        own.put(str(number), MIB)
    own.cloud.kill()
    own.cloud.start()
    assert before <= own.lines()["Requests-Tier1"][0] <= before + 5
    go_to(own.cloud, next_month(start))
    assert _near(own.lines(start)["TimedStorage-ByteHrs"][0], 10 / 1024)
