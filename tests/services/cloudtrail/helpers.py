"""What the tests of CloudTrail share: buckets that take log files, and reading what was delivered."""

from __future__ import annotations

import gzip
import json
from typing import Any

MANAGEMENT = [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}]


def open_for_trails(s3: Any, bucket: str, account: str, trail: str = "main", prefix: str = "") -> None:
    """A bucket with the policy that CloudTrail's documentation gives."""
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy(bucket, account, trail, prefix)))


def policy(bucket: str, account: str, trail: str = "main", prefix: str = "") -> dict[str, Any]:
    source = {"aws:SourceArn": f"arn:aws:cloudtrail:us-east-1:{account}:trail/{trail}"}
    principal = {"Service": "cloudtrail.amazonaws.com"}
    folder = f"{prefix}/AWSLogs" if prefix else "AWSLogs"
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": principal,
                "Action": "s3:GetBucketAcl",
                "Resource": f"arn:aws:s3:::{bucket}",
                "Condition": {"StringEquals": source},
            },
            {
                "Effect": "Allow",
                "Principal": principal,
                "Action": "s3:PutObject",
                "Resource": f"arn:aws:s3:::{bucket}/{folder}/{account}/*",
                "Condition": {"StringEquals": {**source, "s3:x-amz-acl": "bucket-owner-full-control"}},
            },
        ],
    }


def keys(s3: Any, bucket: str, part: str = "/CloudTrail/") -> list[str]:
    """The files that were delivered, without the folders."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    found = [one["Key"] for page in pages for one in page.get("Contents", [])]
    return [key for key in found if part in key and key.endswith(".json.gz")]


def read(s3: Any, bucket: str, key: str) -> Any:
    """A delivered file, unpacked."""
    return json.loads(gzip.decompress(s3.get_object(Bucket=bucket, Key=key)["Body"].read()))


def delivered(s3: Any, bucket: str) -> list[dict[str, Any]]:
    """All events that were delivered, file by file."""
    return [event for key in keys(s3, bucket) for event in read(s3, bucket, key)["Records"]]


def named(events: list[dict[str, Any]], source: str = "sqs.amazonaws.com") -> list[str]:
    """The names of the events of one service."""
    return [event["eventName"] for event in events if event["eventSource"] == source]


def looked_up(cloudtrail: Any, **attribute: str) -> list[dict[str, Any]]:
    """The events that a lookup finds, newest first."""
    attributes = [{"AttributeKey": name, "AttributeValue": value} for name, value in attribute.items()]
    pages = cloudtrail.get_paginator("lookup_events").paginate(LookupAttributes=attributes)
    return [event for page in pages for event in page["Events"]]
