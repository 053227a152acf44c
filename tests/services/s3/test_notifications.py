"""Notifications of what happens in a bucket, to queues."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_plus

import pytest

from cloud import CloudProcess

from .access import arn, put, refused
from .http_calls import Caller

ACCOUNT = "000000000000"
EVERYTHING = ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]


def queue_arn(sqs: Any, url: str) -> str:
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def open_queue(sqs: Any, url: str, bucket: str, account: str, **statement: Any) -> None:
    """Lets S3 send to a queue on behalf of one bucket, as AWS documents it."""
    allowed = {
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn(sqs, url),
        "Condition": {
            "ArnLike": {"aws:SourceArn": arn(bucket)},
            "StringEquals": {"aws:SourceAccount": account},
        },
    }
    document = {"Version": "2012-10-17", "Statement": [{**allowed, **statement}]}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(document)})


def notify(s3: Any, bucket: str, *queues: dict[str, Any], **more: Any) -> None:
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"QueueConfigurations": list(queues), **more}
    )


def to(queue: str, *events: str, prefix: str | None = None, suffix: str | None = None, **more: Any) -> dict[str, Any]:
    rules = [
        {"Name": name, "Value": value} for name, value in (("prefix", prefix), ("suffix", suffix)) if value is not None
    ]
    filtered = {"Filter": {"Key": {"FilterRules": rules}}} if rules else {}
    return {"QueueArn": queue, "Events": list(events) or EVERYTHING, **filtered, **more}


def messages(sqs: Any, url: str, count: int, tries: int = 5) -> list[dict[str, Any]]:
    """At least `count` messages, received and deleted; waits for them as long as they may need."""
    found: list[dict[str, Any]] = []
    while len(found) < count and tries:
        got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=4).get("Messages", [])
        for one in got:
            found.append(json.loads(one["Body"]))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
        tries -= not got
    return found


def records(sqs: Any, url: str, count: int) -> list[dict[str, Any]]:
    """At least `count` records of what happened, without the test events, in the order of their sequencers."""
    found: list[dict[str, Any]] = []
    while len(found) < count:
        got = messages(sqs, url, 1, tries=1)
        if not got:
            break
        found += [record for one in got for record in one.get("Records", [])]
    return found


def happened(found: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return sorted((record["eventName"], unquote_plus(record["s3"]["object"]["key"])) for record in found)


@pytest.fixture
def target(sqs: Any, queue: str, bucket: str, account: str) -> str:
    """The ARN of the queue, to which S3 may send for the bucket."""
    open_queue(sqs, queue, bucket, account)
    return queue_arn(sqs, queue)


@pytest.fixture
def watched(s3: Any, sqs: Any, queue: str, bucket: str, target: str) -> str:
    """The bucket, with everything told to the queue, and the test event taken away."""
    notify(s3, bucket, to(target, Id="all"))
    assert len(messages(sqs, queue, 1)) == 1
    return bucket


# --------------------------------------------------------------------------- configurations
def test_a_configuration_is_shown_as_it_was_put(s3: Any, bucket: str, target: str) -> None:
    wanted = [
        to(target, "s3:ObjectCreated:*", prefix="in/", suffix=".png", Id="pictures"),
        to(target, "s3:ObjectRemoved:Delete", "s3:ObjectRemoved:DeleteMarkerCreated", Id="gone"),
    ]
    notify(s3, bucket, *wanted)
    answer = s3.get_bucket_notification_configuration(Bucket=bucket)
    answer.pop("ResponseMetadata")
    for one in answer["QueueConfigurations"]:
        for rule in one.get("Filter", {}).get("Key", {}).get("FilterRules", []):
            rule["Name"] = rule["Name"].lower()
    assert answer == {"QueueConfigurations": wanted}


def test_a_configuration_without_an_id_is_given_one(s3: Any, bucket: str, target: str) -> None:
    notify(s3, bucket, to(target, "s3:ObjectCreated:*"), to(target, "s3:ObjectRemoved:*"))
    found = s3.get_bucket_notification_configuration(Bucket=bucket)["QueueConfigurations"]
    assert len({one["Id"] for one in found}) == 2
    assert all(found[0]["Id"] for one in found)


def test_a_configuration_replaces_the_one_before(s3: Any, sqs: Any, queue: str, watched: str) -> None:
    notify(s3, watched)
    assert "QueueConfigurations" not in s3.get_bucket_notification_configuration(Bucket=watched)
    put(s3, watched, "unheard")
    notify(s3, watched, to(queue_arn(sqs, queue)))
    put(s3, watched, "heard")
    assert happened(records(sqs, queue, 1)) == [("ObjectCreated:Put", "heard")]


def test_a_new_configuration_is_tested_with_a_message(s3: Any, sqs: Any, queue: str, bucket: str, target: str) -> None:
    notify(s3, bucket, to(target))
    (test,) = messages(sqs, queue, 1)
    assert set(test) == {"Service", "Event", "Time", "Bucket", "RequestId", "HostId"}
    assert (test["Service"], test["Event"], test["Bucket"]) == ("Amazon S3", "s3:TestEvent", bucket)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", test["Time"])


@pytest.mark.parametrize(
    "statement",
    [
        {"Effect": "Deny"},
        {"Principal": {"AWS": "111111111111"}},
        {"Action": "sqs:ReceiveMessage"},
        {"Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::another-bucket"}}},
        {"Condition": {"StringEquals": {"aws:SourceAccount": "111111111111"}}},
    ],
    ids=str,
)
def test_a_queue_must_let_s3_send_on_the_buckets_behalf(
    s3: Any, sqs: Any, queue: str, bucket: str, account: str, statement: Any
) -> None:
    open_queue(sqs, queue, bucket, account, **statement)
    with refused("InvalidArgument", "Unable to validate the following destination configurations", status=400):
        notify(s3, bucket, to(queue_arn(sqs, queue)))
    assert "QueueConfigurations" not in s3.get_bucket_notification_configuration(Bucket=bucket)
    assert messages(sqs, queue, 1, tries=0) == []


def test_destinations_that_are_not_there_are_refused(s3: Any, sqs: Any, bucket: str, target: str) -> None:
    fifo = sqs.create_queue(QueueName="q.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    for destination in (
        target.replace("orders", "none"),
        target.replace("us-east-1", "eu-west-1"),
        queue_arn(sqs, fifo),
        "arn:aws:sqs",
        "nonsense",
    ):
        with refused("InvalidArgument", status=400):
            notify(s3, bucket, to(target, "s3:ObjectRemoved:*"), to(destination, "s3:ObjectCreated:*"))
        assert "QueueConfigurations" not in s3.get_bucket_notification_configuration(Bucket=bucket)


def test_a_destination_may_go_untested(s3: Any, sqs: Any, queue: str, bucket: str) -> None:
    s3.put_bucket_notification_configuration(
        Bucket=bucket,
        NotificationConfiguration={"QueueConfigurations": [to(queue_arn(sqs, queue))]},
        SkipDestinationValidation=True,
    )
    assert len(s3.get_bucket_notification_configuration(Bucket=bucket)["QueueConfigurations"]) == 1
    put(s3, bucket, "k")


def test_another_accounts_queue_may_be_told(
    s3: Any, sqs: Any, client: Callable[..., Any], bucket: str, account: str, other_account: str
) -> None:
    theirs = client("sqs", account=other_account)
    url = theirs.create_queue(QueueName="theirs")["QueueUrl"]
    with refused("InvalidArgument"):
        notify(s3, bucket, to(queue_arn(theirs, url)))
    open_queue(theirs, url, bucket, account)
    notify(s3, bucket, to(queue_arn(theirs, url)))
    put(s3, bucket, "k")
    assert happened(records(theirs, url, 1)) == [("ObjectCreated:Put", "k")]


@pytest.mark.parametrize(
    "pair",
    [
        (("s3:ObjectCreated:*", "", ""), ("s3:ObjectCreated:*", "", "")),
        (("s3:ObjectCreated:*", "", ""), ("s3:ObjectCreated:Put", "", "")),
        (("s3:ObjectCreated:Put", "a", ""), ("s3:ObjectCreated:Put", "ab", "")),
        (("s3:ObjectCreated:Put", "", "jpg"), ("s3:ObjectCreated:Put", "", ".jpg")),
        (("s3:ObjectCreated:Put", "a", ""), ("s3:ObjectCreated:Put", "", ".jpg")),
        (("s3:ObjectCreated:Put", "a/", ".jpg"), ("s3:ObjectCreated:*", "a/", "g")),
    ],
    ids=str,
)
def test_filters_that_overlap_for_an_event_are_refused(s3: Any, bucket: str, target: str, pair: Any) -> None:
    configurations = [to(target, event, prefix=prefix or None, suffix=suffix or None) for event, prefix, suffix in pair]
    with refused("InvalidArgument", status=400):
        notify(s3, bucket, *configurations)
    assert "QueueConfigurations" not in s3.get_bucket_notification_configuration(Bucket=bucket)


@pytest.mark.parametrize(
    "pair",
    [
        (("s3:ObjectCreated:*", "", ""), ("s3:ObjectRemoved:*", "", "")),
        (("s3:ObjectCreated:Put", "", ""), ("s3:ObjectCreated:Copy", "", "")),
        (("s3:ObjectCreated:*", "a/", ""), ("s3:ObjectCreated:*", "b/", "")),
        (("s3:ObjectCreated:*", "a/", ".jpg"), ("s3:ObjectCreated:*", "a/", ".png")),
        (("s3:ObjectCreated:*", "a/", ".jpg"), ("s3:ObjectCreated:*", "b/", ".jpg")),
    ],
    ids=str,
)
def test_filters_that_do_not_overlap_are_taken(s3: Any, bucket: str, target: str, pair: Any) -> None:
    notify(
        s3, bucket, *(to(target, event, prefix=prefix or None, suffix=suffix or None) for event, prefix, suffix in pair)
    )
    assert len(s3.get_bucket_notification_configuration(Bucket=bucket)["QueueConfigurations"]) == 2


def test_configurations_that_mean_nothing_are_refused(s3: Any, bucket: str, target: str) -> None:
    two = {"Key": {"FilterRules": [{"Name": "prefix", "Value": "a"}, {"Name": "prefix", "Value": "b"}]}}
    unknown = {"Key": {"FilterRules": [{"Name": "middle", "Value": "a"}]}}
    for configuration in (
        to(target, "s3:ObjectEaten:*"),
        to(target, "ObjectCreated:*"),
        to(target, Filter=two),
        to(target, Filter=unknown),
        to(target, prefix="x" * 1025),
    ):
        with refused("InvalidArgument", status=400):
            notify(s3, bucket, configuration)
    with refused("InvalidArgument", status=400):
        notify(s3, bucket, to(target, "s3:ObjectCreated:*", Id="i"), to(target, "s3:ObjectRemoved:*", Id="i"))
    assert "QueueConfigurations" not in s3.get_bucket_notification_configuration(Bucket=bucket)


@pytest.mark.parametrize(
    "destination",
    [
        {"TopicConfigurations": [{"TopicArn": "arn:aws:sns:us-east-1:1:t", "Events": ["s3:ObjectCreated:*"]}]},
        {
            "LambdaFunctionConfigurations": [
                {"LambdaFunctionArn": "arn:aws:lambda:us-east-1:1:function:f", "Events": ["s3:ObjectCreated:*"]}
            ]
        },
        {"EventBridgeConfiguration": {}},
    ],
    ids=lambda value: next(iter(value)),
)
def test_other_destinations_are_refused_by_name(s3: Any, bucket: str, target: str, destination: Any) -> None:
    with refused("NotImplemented", next(iter(destination)), status=501):
        notify(s3, bucket, to(target), **destination)
    assert "QueueConfigurations" not in s3.get_bucket_notification_configuration(Bucket=bucket)


# --------------------------------------------------------------------------- records
def test_a_record_says_what_happened(s3: Any, sqs: Any, queue: str, watched: str) -> None:
    answer = s3.put_object(Bucket=watched, Key="red flower.jpg", Body=b"12345")
    (record,) = records(sqs, queue, 1)
    assert record["eventVersion"].startswith("2.")
    assert (record["eventSource"], record["awsRegion"]) == ("aws:s3", "us-east-1")
    assert record["eventName"] == "ObjectCreated:Put"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", record["eventTime"])
    assert record["userIdentity"]["principalId"]
    assert record["requestParameters"] == {"sourceIPAddress": "127.0.0.1"}
    assert record["responseElements"]["x-amz-request-id"] == answer["ResponseMetadata"]["RequestId"]
    assert record["responseElements"]["x-amz-id-2"] == answer["ResponseMetadata"]["HostId"]
    about = record["s3"]
    assert (about["s3SchemaVersion"], about["configurationId"]) == ("1.0", "all")
    assert (about["bucket"]["name"], about["bucket"]["arn"]) == (watched, arn(watched))
    assert about["bucket"]["ownerIdentity"]["principalId"]
    entity = about["object"]
    assert entity["key"] == "red+flower.jpg"
    assert (entity["size"], entity["eTag"]) == (5, answer["ETag"].strip('"'))
    assert "versionId" not in entity
    assert re.fullmatch(r"[0-9A-F]+", entity["sequencer"])


@pytest.mark.parametrize("key", ["a/b c", "ünï+code", "100%", "a&b=c?d#e", "~!*'()"])
def test_keys_are_encoded_as_in_urls(s3: Any, sqs: Any, queue: str, watched: str, key: str) -> None:
    put(s3, watched, key)
    (record,) = records(sqs, queue, 1)
    encoded = record["s3"]["object"]["key"]
    assert unquote_plus(encoded) == key
    assert encoded.isascii()
    assert " " not in encoded
    assert encoded.count("/") == key.count("/")


def test_each_way_to_make_an_object_has_a_name(
    s3: Any, s3v4: Any, sqs: Any, queue: str, watched: str, http: Caller
) -> None:
    put(s3, watched, "put")
    s3.copy_object(Bucket=watched, Key="copy", CopySource={"Bucket": watched, "Key": "put"})
    upload = s3.create_multipart_upload(Bucket=watched, Key="parts")["UploadId"]
    etag = s3.upload_part(Bucket=watched, Key="parts", UploadId=upload, PartNumber=1, Body=b"part")["ETag"]
    s3.complete_multipart_upload(
        Bucket=watched, Key="parts", UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]}
    )
    form = s3v4.generate_presigned_post(watched, "post")["fields"]
    parts = [f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in form.items()]
    parts.append('--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nfile\r\n--b--\r\n')
    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    assert http.send("POST", f"/{watched}", body="".join(parts), headers=kind).status == 204
    found = records(sqs, queue, 4)
    assert happened(found) == [
        ("ObjectCreated:CompleteMultipartUpload", "parts"),
        ("ObjectCreated:Copy", "copy"),
        ("ObjectCreated:Post", "post"),
        ("ObjectCreated:Put", "put"),
    ]
    sizes = {record["s3"]["object"]["key"]: record["s3"]["object"]["size"] for record in found}
    assert sizes == {"put": 1, "copy": 1, "parts": 4, "post": 4}
    etags = {record["s3"]["object"]["key"]: record["s3"]["object"]["eTag"] for record in found}
    assert etags["parts"].endswith("-1")


def test_a_deletion_is_told(s3: Any, sqs: Any, queue: str, watched: str) -> None:
    put(s3, watched, "a", "b", "c")
    s3.delete_object(Bucket=watched, Key="a")
    s3.delete_objects(Bucket=watched, Delete={"Objects": [{"Key": "b"}, {"Key": "c"}]})
    removed = [one for one in records(sqs, queue, 6) if one["eventName"].startswith("ObjectRemoved")]
    assert happened(removed) == [("ObjectRemoved:Delete", key) for key in "abc"]
    assert all(one["s3"]["object"]["sequencer"] for one in removed)


def test_versions_are_named(s3: Any, sqs: Any, queue: str, watched: str) -> None:
    s3.put_bucket_versioning(Bucket=watched, VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket=watched, Key="k", Body=b"x")["VersionId"]
    marker = s3.delete_object(Bucket=watched, Key="k")["VersionId"]
    s3.delete_object(Bucket=watched, Key="k", VersionId=version)
    found = {(one["eventName"], one["s3"]["object"]["versionId"]) for one in records(sqs, queue, 3)}
    assert found == {
        ("ObjectCreated:Put", version),
        ("ObjectRemoved:DeleteMarkerCreated", marker),
        ("ObjectRemoved:Delete", version),
    }


def test_sequencers_tell_the_order_of_what_happened_to_a_key(s3: Any, sqs: Any, queue: str, watched: str) -> None:
    """The shorter one is filled up with zeros, as documented."""
    etags = [s3.put_object(Bucket=watched, Key="k", Body=f"{i}")["ETag"].strip('"') for i in range(12)]
    found = [record["s3"]["object"] for record in records(sqs, queue, 12)]
    longest = max(len(one["sequencer"]) for one in found)
    found.sort(key=lambda one: one["sequencer"].ljust(longest, "0"))
    assert [one["eTag"] for one in found] == etags


def test_what_was_refused_is_not_told(s3: Any, sqs: Any, queue: str, watched: str, other: Any) -> None:
    with refused("AccessDenied"):
        put(other, watched, "theirs")
    put(s3, watched, "k")
    with refused("PreconditionFailed"):
        put(s3, watched, "k", IfNoneMatch="*")
    with refused("BadDigest"):
        put(s3, watched, "k", ContentMD5="1B2M2Y8AsgTpgAmY7PhCfg==")
    put(s3, watched, "last")
    assert happened(records(sqs, queue, 2)) == [("ObjectCreated:Put", "k"), ("ObjectCreated:Put", "last")]


def test_only_the_events_and_keys_that_were_asked_for_are_told(
    s3: Any, sqs: Any, queue: str, bucket: str, target: str
) -> None:
    notify(s3, bucket, to(target, "s3:ObjectCreated:Put", prefix="in/", suffix=".png"))
    put(s3, bucket, "in/a.jpg", "out/a.png", "in/b.png", "In/c.png", "in/c.PNG", "ü in/c.png")
    s3.copy_object(Bucket=bucket, Key="in/copy.png", CopySource={"Bucket": bucket, "Key": "in/b.png"})
    s3.delete_object(Bucket=bucket, Key="in/b.png")
    put(s3, bucket, "in/last.png")
    expected = [("ObjectCreated:Put", "in/b.png"), ("ObjectCreated:Put", "in/last.png")]
    assert happened(records(sqs, queue, 2)) == expected


def test_each_configuration_has_its_own_queue(
    s3: Any, sqs: Any, queue: str, bucket: str, account: str, target: str
) -> None:
    second = sqs.create_queue(QueueName="second")["QueueUrl"]
    open_queue(sqs, second, bucket, account)
    notify(s3, bucket, to(target, prefix="a"), to(queue_arn(sqs, second), prefix="b"))
    put(s3, bucket, "a1", "b1")
    assert happened(records(sqs, queue, 1)) == [("ObjectCreated:Put", "a1")]
    assert happened(records(sqs, second, 1)) == [("ObjectCreated:Put", "b1")]


def test_tags_and_acls_are_told_when_asked_for(s3: Any, sqs: Any, queue: str, acl_bucket: str, account: str) -> None:
    open_queue(sqs, queue, acl_bucket, account)
    notify(s3, acl_bucket, to(queue_arn(sqs, queue), "s3:ObjectTagging:*", "s3:ObjectAcl:Put"))
    put(s3, acl_bucket, "k", Tagging="a=b", ACL="public-read")
    s3.put_object_tagging(Bucket=acl_bucket, Key="k", Tagging={"TagSet": [{"Key": "a", "Value": "c"}]})
    s3.delete_object_tagging(Bucket=acl_bucket, Key="k")
    s3.put_object_acl(Bucket=acl_bucket, Key="k", ACL="private")
    assert happened(records(sqs, queue, 3)) == [
        ("ObjectAcl:Put", "k"),
        ("ObjectTagging:Delete", "k"),
        ("ObjectTagging:Put", "k"),
    ]


def test_a_queue_that_is_closed_later_holds_nobody_up(
    s3: Any, sqs: Any, queue: str, watched: str, account: str
) -> None:
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": ""})
    put(s3, watched, "k")
    s3.delete_object(Bucket=watched, Key="k")
    open_queue(sqs, queue, watched, account)
    put(s3, watched, "again")
    told: list[tuple[str, str]] = []
    while ("ObjectCreated:Put", "again") not in told:
        found = happened(records(sqs, queue, 1))
        assert found
        told += found


def test_what_was_acknowledged_is_told_after_a_crash(own_cloud: CloudProcess) -> None:
    s3, sqs = own_cloud.client("s3"), own_cloud.client("sqs")
    s3.create_bucket(Bucket="crash")
    url = sqs.create_queue(QueueName="crash")["QueueUrl"]
    open_queue(sqs, url, "crash", ACCOUNT)
    notify(s3, "crash", to(queue_arn(sqs, url)))
    keys = [f"k{i}" for i in range(10)]
    put(s3, "crash", *keys)
    own_cloud.kill()
    own_cloud.start()
    told: set[str] = set()
    while told < set(keys):
        found = records(sqs, url, 1)
        assert found, f"never told of {set(keys) - told}"
        told |= {record["s3"]["object"]["key"] for record in found}
