"""What is taken as a bucket's policy, and what is none."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from .access import allow, arn, policy, read, refused, set_policy

GOOD = {"Effect": "Allow", "Principal": {"AWS": "111111111111"}, "Action": "s3:GetObject", "Resource": "ARN/*"}


def changed(**more: Any) -> str:
    return policy({name: value for name, value in {**GOOD, **more}.items() if value is not None})


@pytest.mark.parametrize(
    "document",
    [
        "{",
        "[]",
        "{}",
        "null",
        '"text"',
        '{"Statement": []}',
        '{"Version": "2020-01-01", "Statement": []}',
        changed(Effect="Maybe"),
        changed(Effect=None),
        changed(Principal=None),
        changed(Principal={"AWS": "nobody"}),
        changed(Principal={"Planet": "Earth"}),
        changed(Action=None),
        changed(Action="s3:Fly"),
        changed(Action="sqs:SendMessage"),
        changed(Action="s3:CreateBucket"),
        changed(Action="s3:ListBucket"),
        changed(Resource=None),
        changed(Resource="ARN"),
        changed(Resource="arn:aws:s3:::another-bucket/*"),
        changed(Resource="arn:aws:sqs:us-east-1:111111111111:q"),
        changed(Condition={"StringSounds": {"aws:SourceIp": "1"}}),
        changed(Condition={"StringEquals": {"s3:nonsense": "1"}}),
        changed(Condition="always"),
        changed(Extra="x"),
    ],
)
def test_policies_that_mean_nothing_are_refused(s3: Any, bucket: str, document: str) -> None:
    with refused("MalformedPolicy", status=400):
        s3.put_bucket_policy(Bucket=bucket, Policy=document.replace("ARN", arn(bucket)))
    with refused("NoSuchBucketPolicy"):
        s3.get_bucket_policy(Bucket=bucket)


def test_a_policy_is_at_most_20_kilobytes(s3: Any, bucket: str) -> None:
    def of_size(size: int) -> str:
        base = changed(Resource=arn(bucket, "*"), Condition={"StringNotEquals": {"aws:UserAgent": "PAD"}})
        return base.replace("PAD", "x" * (size - len(base) + 3))

    s3.put_bucket_policy(Bucket=bucket, Policy=of_size(20 * 1024))
    with pytest.raises(ClientError) as caught:
        s3.put_bucket_policy(Bucket=bucket, Policy=of_size(20 * 1024 + 1))
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_a_refused_policy_leaves_the_one_before(s3: Any, filled: str, other: Any, other_account: str) -> None:
    set_policy(s3, filled, allow(filled, "s3:GetObject", other_account))
    with refused("MalformedPolicy"):
        s3.put_bucket_policy(Bucket=filled, Policy="{")
    read(other, filled, "k")
