"""Messages sealed at rest, and who needs which permission on the key of KMS."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from callers import Client, document, key_policy, kms_calls, lets, session, user, user_arn
from cloud import CloudProcess

from .helpers import arn, bodies, receive, receive_one, refused, with_dead_letters

SECRET = "nobody was to know of the cat. "
LONG = SECRET * 400
ATTRIBUTES = {
    "Text": {"DataType": "String", "StringValue": SECRET},
    "Bytes": {"DataType": "Binary", "BinaryValue": bytes(range(256))},
}
KINDS = pytest.mark.parametrize("suffix", ["", ".fifo"])
OWN = {"SqsManagedSseEnabled": "true"}
Grant = Callable[..., None]


def make(sqs: Any, name: str = "sealed", suffix: str = "", **given: str) -> str:
    """A queue's URL."""
    fifo = {"FifoQueue": "true", "ContentBasedDeduplication": "true"} if suffix else {}
    url: str = sqs.create_queue(QueueName=name + suffix, Attributes={**fifo, **given})["QueueUrl"]
    return url


def send(sqs: Any, queue: str, *texts: str, **more: Any) -> None:
    group = {"MessageGroupId": "g"} if queue.endswith(".fifo") else {}
    for text in texts:
        sqs.send_message(QueueUrl=queue, MessageBody=text, **group, **more)


def on_disk(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file())


@KINDS
@pytest.mark.parametrize("text", [SECRET, LONG], ids=["short", "long"])
@pytest.mark.parametrize("given", [OWN, {"KmsMasterKeyId": "alias/aws/sqs"}], ids=["own", "kms"])
def test_what_was_sent_is_received(sqs: Any, suffix: str, text: str, given: dict[str, str]) -> None:
    queue = make(sqs, suffix=suffix, **given)
    send(sqs, queue, text, MessageAttributes=ATTRIBUTES)
    for seconds in (0, 0, 30):
        (message,) = receive(sqs, queue, MessageAttributeNames=["All"], VisibilityTimeout=seconds)
        assert message["Body"] == text
        assert message["MessageAttributes"] == ATTRIBUTES
        assert len(message["MD5OfBody"]) == 32
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    assert receive_one(sqs, queue) is None


@KINDS
@pytest.mark.parametrize("sealed", ["not", "own", "kms"])
def test_what_is_sealed_is_nowhere_on_the_disk(own_cloud: CloudProcess, suffix: str, sealed: str) -> None:
    sqs, kms = own_cloud.client("sqs"), own_cloud.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    queue = make(sqs, suffix=suffix, **{"not": {}, "own": OWN, "kms": {"KmsMasterKeyId": key}}[sealed])
    send(sqs, queue, SECRET + "1", LONG, MessageAttributes=ATTRIBUTES)
    receive(sqs, queue, VisibilityTimeout=0)
    own_cloud.kill()
    assert (SECRET.encode() in on_disk(own_cloud.data_dir)) == (sealed == "not")
    own_cloud.start()
    assert bodies(sqs, queue) == [SECRET + "1", LONG]


@KINDS
def test_messages_stay_as_they_were_sent_when_the_encryption_changes(sqs: Any, kms: Any, key: str, suffix: str) -> None:
    queue = make(sqs, suffix=suffix)
    second = kms.create_key()["KeyMetadata"]["Arn"]
    for text, given in (
        ("plain", {}),
        ("own", OWN),
        ("first", {"KmsMasterKeyId": key}),
        ("second", {"KmsMasterKeyId": second}),
        ("none", {"KmsMasterKeyId": ""}),
    ):
        sqs.set_queue_attributes(QueueUrl=queue, Attributes=given)
        send(sqs, queue, text)
    kms.disable_key(KeyId=second)
    with refused("KmsDisabled", "is disabled"):
        receive(sqs, queue)
    kms.enable_key(KeyId=second)
    assert bodies(sqs, queue) == ["plain", "own", "first", "second", "none"]


@KINDS
def test_dead_letters_stay_sealed(sqs: Any, kms: Any, key: str, suffix: str) -> None:
    queue, dead = with_dead_letters(sqs, 1, suffix)
    fifo = {"ContentBasedDeduplication": "true"} if suffix else {}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"KmsMasterKeyId": key, **fifo})
    send(sqs, queue, SECRET, *([LONG] if not suffix else []))
    receive(sqs, queue, VisibilityTimeout=0)
    assert receive(sqs, queue) == []
    sqs.set_queue_attributes(QueueUrl=dead, Attributes={"DelaySeconds": "0"})  # what was opened is forgotten
    kms.disable_key(KeyId=key)
    with refused("KmsDisabled"):
        receive(sqs, dead)
    kms.enable_key(KeyId=key)
    assert bodies(sqs, dead)[0] == SECRET


# --------------------------------------------------------------------------- KMS
@pytest.fixture
def ann(cloud: CloudProcess, account: str) -> Client:
    """Makes clients of a user whom nothing allows anything by itself."""
    return user(cloud, account)


@pytest.fixture
def shared(sqs: Any, key: str, account: str) -> str:
    """A queue under the key that the user ann may use."""
    queue = make(sqs, KmsMasterKeyId=key)
    sqs.add_permission(QueueUrl=queue, Label="ann", AWSAccountIds=[account], Actions=["*"])
    policy = json.loads(sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["Policy"])["Attributes"]["Policy"])
    policy["Statement"][0]["Principal"] = {"AWS": user_arn(account)}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(policy)})
    return queue


@pytest.fixture
def allowed(kms: Any, sqs: Any, shared: str, key: str, account: str) -> Grant:
    """Gives the key the policy that lets ann do this, and has what was opened before forgotten."""

    def allow(*actions: str, **condition: Any) -> None:
        statements = [lets(user_arn(account), *actions, **condition)] if actions else []
        kms.put_key_policy(KeyId=key, Policy=key_policy(account, *statements))
        sqs.set_queue_attributes(QueueUrl=shared, Attributes={"DelaySeconds": "0"})

    return allow


def test_senders_make_data_keys_and_open_them(ann: Client, shared: str, allowed: Grant) -> None:
    theirs = ann("sqs")
    with refused("KMS.AccessDeniedException", "kms:GenerateDataKey"):
        send(theirs, shared, "x")
    allowed("GenerateDataKey")
    with refused("KmsAccessDenied", "kms:Decrypt"):
        send(theirs, shared, "x")
    with refused("KmsAccessDenied", "kms:Decrypt"):
        theirs.send_message_batch(QueueUrl=shared, Entries=[{"Id": "a", "MessageBody": "x"}])
    allowed("GenerateDataKey", "Decrypt")
    send(theirs, shared, "x")
    assert bodies(theirs, shared) == ["x"]


def test_receivers_open_them(sqs: Any, ann: Client, shared: str, allowed: Grant) -> None:
    send(sqs, shared, "x")
    theirs = ann("sqs")
    with refused("KmsAccessDenied", "kms:Decrypt"):
        receive(theirs, shared)
    allowed("Decrypt")
    (message,) = receive(theirs, shared, AttributeNames=["All"])
    assert message["Body"] == "x"
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"  # the refused receive took nothing


def test_a_key_may_be_for_one_queue_by_way_of_sqs_alone(
    sqs: Any, kms: Any, ann: Client, shared: str, key: str, allowed: Grant
) -> None:
    allowed(
        "GenerateDataKey",
        "Decrypt",
        StringEquals={
            "kms:ViaService": "sqs.us-east-1.amazonaws.com",
            "kms:EncryptionContext:aws:sqs:arn": arn(sqs, shared),
        },
    )
    send(ann("sqs"), shared, "x")
    assert bodies(ann("sqs"), shared) == ["x"]
    with pytest.raises(kms.exceptions.ClientError, match="AccessDenied"):
        ann("kms").generate_data_key(KeyId=key, KeySpec="AES_256", EncryptionContext={"aws:sqs:arn": arn(sqs, shared)})


def test_keys_that_cannot_be_used_are_told_in_sqs_s_words(sqs: Any, kms: Any, key: str) -> None:
    signing = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
    leaving = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.schedule_key_deletion(KeyId=leaving, PendingWindowInDays=7)
    for name, given, code in (
        ("missing", key[:-12] + "0" * 12, "KMS.NotFoundException"),
        ("alias", "alias/nothing", "KMS.NotFoundException"),
        ("signing", signing, "KMS.InvalidKeyUsageException"),
        ("leaving", leaving, "KMS.InvalidStateException"),
    ):
        queue = make(sqs, name, KmsMasterKeyId=given)
        with refused(code):
            send(sqs, queue, "x")


def test_a_key_is_named_by_an_alias_of_the_queue_s_account(
    sqs: Any, kms: Any, key: str, client: Callable[..., Any], account: str
) -> None:
    kms.create_alias(AliasName="alias/orders", TargetKeyId=key)
    other = f"9{account[1:]}"
    queue = make(sqs, KmsMasterKeyId="alias/orders")
    sqs.add_permission(QueueUrl=queue, Label="other", AWSAccountIds=[other], Actions=["SendMessage"])
    theirs = client("sqs", account=other)
    with refused("KmsAccessDenied", "kms:GenerateDataKey"):
        send(theirs, queue, "x")
    kms.put_key_policy(KeyId=key, Policy=key_policy(account, lets(other, "GenerateDataKey", "Decrypt")))
    send(theirs, queue, "x")
    assert bodies(sqs, queue) == ["x"]


def test_old_messages_open_after_the_key_was_rotated(sqs: Any, kms: Any, key: str) -> None:
    queue = make(sqs, KmsMasterKeyId=key)
    send(sqs, queue, "old")
    kms.rotate_key_on_demand(KeyId=key)
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"DelaySeconds": "0"})
    send(sqs, queue, "new")
    assert bodies(sqs, queue) == ["old", "new"]


def test_an_encrypted_queue_is_told_by_s3_when_the_key_lets_it(
    sqs: Any, kms: Any, key: str, client: Callable[..., Any], account: str
) -> None:
    s3, bucket = client("s3"), f"told-{account}"
    s3.create_bucket(Bucket=bucket)
    queue = make(sqs, KmsMasterKeyId=key)
    service = {"Service": "s3.amazonaws.com"}
    statement = {"Effect": "Allow", "Principal": service, "Action": "sqs:SendMessage", "Resource": arn(sqs, queue)}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    asked = {"QueueConfigurations": [{"QueueArn": arn(sqs, queue), "Events": ["s3:ObjectCreated:*"]}]}
    with pytest.raises(s3.exceptions.ClientError, match="InvalidArgument"):
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=asked)
    for source, works in ((f"arn:aws:s3:::not-{bucket}", False), (f"arn:aws:s3:::{bucket}", True)):
        condition = {"StringEquals": {"aws:SourceAccount": account}, "ArnLike": {"aws:SourceArn": source}}
        let = lets(service, "GenerateDataKey", "Decrypt", **condition)
        kms.put_key_policy(KeyId=key, Policy=key_policy(account, let))
        if works:
            s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=asked)
        else:
            with pytest.raises(s3.exceptions.ClientError, match="InvalidArgument"):
                s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=asked)
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    found: list[dict[str, Any]] = []
    while not any("Records" in one for one in found):
        found += [json.loads(message["Body"]) for message in receive(sqs, queue, WaitTimeSeconds=10)]
    assert found[0]["Event"] == "s3:TestEvent"


def test_the_sessions_of_a_role_are_one_sender(cloud: CloudProcess, sqs: Any, key: str, account: str) -> None:
    queue = make(sqs, KmsMasterKeyId=key)
    sessions = [session(cloud, account, "worker", name)("sqs") for name in ("one", "two")]
    every = {"Effect": "Allow", "Action": ["sqs:*", "kms:GenerateDataKey", "kms:Decrypt"], "Resource": "*"}
    cloud.client("iam", account=account).put_role_policy(
        RoleName="worker", PolicyName="p", PolicyDocument=document(every)
    )
    for one in sessions:
        send(one, queue, "x")
    assert len(kms_calls(cloud, account, "GenerateDataKey")) == 1
    send(sqs, queue, "x")
    assert len(kms_calls(cloud, account, "GenerateDataKey")) == 2


# --------------------------------------------------------------------------- data keys that are used again
def test_a_data_key_is_used_again_until_its_period_is_over(own_cloud: CloudProcess) -> None:
    sqs, kms, account = own_cloud.client("sqs"), own_cloud.client("kms"), "000000000000"
    key = kms.create_key()["KeyMetadata"]["Arn"]
    queue = make(sqs, KmsMasterKeyId=key, KmsDataKeyReusePeriodSeconds="60")
    send(sqs, queue, "a", "b", "c")
    assert bodies(sqs, queue, VisibilityTimeout=0) == ["a", "b", "c"]
    assert [one["operation"] for one in kms_calls(own_cloud, account) if one["via"]] == [
        "GenerateDataKey", "Decrypt", "Decrypt"
    ]  # fmt: skip
    own_cloud.advance(61)
    kms.disable_key(KeyId=key)
    with refused("KmsDisabled"):
        send(sqs, queue, "d")
    with refused("KmsDisabled"):
        receive(sqs, queue)


def test_many_data_keys_are_opened_at_once(own_cloud: CloudProcess) -> None:
    sqs, kms = own_cloud.client("sqs"), own_cloud.client("kms")
    queue = make(sqs, KmsMasterKeyId=kms.create_key()["KeyMetadata"]["Arn"], KmsDataKeyReusePeriodSeconds="60")
    for number in range(10):
        send(sqs, queue, str(number))
        own_cloud.advance(61)
    own_cloud.kill()
    own_cloud.start()
    assert bodies(sqs, queue) == [str(number) for number in range(10)]


def test_a_change_of_the_queue_has_data_keys_forgotten(sqs: Any, kms: Any, key: str) -> None:
    queue = make(sqs, KmsMasterKeyId=key)
    send(sqs, queue, "a")
    kms.disable_key(KeyId=key)
    send(sqs, queue, "b")
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "31"})
    with refused("KmsDisabled"):
        send(sqs, queue, "c")


def test_a_look_without_receiving_shows_what_no_key_of_kms_has_sealed(cloud: CloudProcess) -> None:
    sqs, kms = cloud.client("sqs"), cloud.client("kms")
    queue = make(sqs, "looked-at", **OWN)
    send(sqs, queue, "own")
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"KmsMasterKeyId": kms.create_key()["KeyMetadata"]["Arn"]})
    send(sqs, queue, "kms")
    shown = cloud.admin("GET", f"/_aws/sqs/messages?QueueUrl={queue}")
    assert [message["Body"] for message in shown["Messages"]] == ["own"]
