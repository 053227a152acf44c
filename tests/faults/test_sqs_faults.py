"""SQS under kill -9, on a full disk, in a folder it must not touch, and before clients that break HTTP."""

from __future__ import annotations

import hashlib
import http.client
import json
import random
import resource
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError, ClientError

from cloud import CloudProcess

WORDS = [
    "fog",
    "harbour",
    "lantern",
    "granite",
    "willow",
    "ember",
    "tide",
    "meadow",
    "copper",
    "raven",
    "quartz",
    "thistle",
    "cedar",
    "marble",
    "heron",
]


def lines(count: int) -> list[str]:
    """Log lines, the same on every machine and all different."""
    source = random.Random(4566)
    return [
        f"{i:06} 2026-11-{1 + i % 28:02}T{i % 24:02}:{i % 60:02}:07Z {source.choice(WORDS)}"
        f"[{source.randrange(1 << 16)}]: " + " ".join(source.choices(WORDS, k=source.randint(3, 14)))
        for i in range(count)
    ]


# --------------------------------------------------------------------------- kill -9 again and again
def _client(port: int) -> Any:
    return CloudProcess(Path("unused"), port=port).client("sqs")


def _until_answered(call: Callable[[], Any]) -> Any:
    """Retry what a kill cut off; a refusal by the cloud itself is a fault of the test."""
    while True:
        try:
            return call()
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] < 500:
                raise
            time.sleep(0.05)
        except (BotoCoreError, OSError):
            time.sleep(0.05)


def produce(port: int, queue: str, texts: list[str]) -> None:
    """Ten at a time, in order; a batch whose answer was lost is sent again with the same deduplication ids."""
    sqs, fifo = _client(port), queue.endswith(".fifo")
    for at in range(0, len(texts), 10):
        entries = [{"Id": str(i), "MessageBody": text} for i, text in enumerate(texts[at : at + 10])]
        if fifo:
            for entry in entries:
                key = entry["MessageBody"][:6]
                entry |= {"MessageGroupId": f"g{int(key) % 16}", "MessageDeduplicationId": key}
        answer = _until_answered(lambda: sqs.send_message_batch(QueueUrl=queue, Entries=entries))  # noqa: B023
        assert not answer["Failed"], answer


def consume(port: int, queue: str, out: str, done: Any) -> None:
    """Receive, write down, delete, until the producers are done and the queue is empty."""
    sqs, empty = _client(port), 0
    with Path(out).open("w", encoding="utf-8") as file:
        while empty < 3:
            got = _until_answered(
                lambda: sqs.receive_message(
                    QueueUrl=queue,
                    MaxNumberOfMessages=10,
                    VisibilityTimeout=5,
                    WaitTimeSeconds=1,
                    MessageSystemAttributeNames=["All"],
                )
            ).get("Messages", [])
            if not got:
                empty = empty + 1 if done.is_set() and _left(sqs, queue) == 0 else 0
                continue
            file.writelines(f"{one['MessageId']}\t{one['Body']}\n" for one in got)
            file.flush()
            entries = [{"Id": str(i), "ReceiptHandle": one["ReceiptHandle"]} for i, one in enumerate(got)]
            _until_answered(lambda: sqs.delete_message_batch(QueueUrl=queue, Entries=entries))  # noqa: B023


def _left(sqs: Any, queue: str) -> int:
    answer = _until_answered(lambda: sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"]))
    return sum(int(value) for name, value in answer["Attributes"].items() if name.startswith("ApproximateNumberOf"))


def through_a_dying_cloud(folder: Path, name: str, texts: list[str], pause: float) -> list[list[tuple[str, str]]]:
    """What each consumer wrote down: (message id, body)."""
    cloud = CloudProcess(folder / "data", checks_outputs=False).start()
    attributes = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
    queue = cloud.client("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    processes = get_context("spawn")
    done = processes.Event()
    # A group's lines all come from one producer, or there would be no order to keep.
    shares = [[text for text in texts if int(text[:6]) % 2 == i] for i in range(2)]
    producers = [processes.Process(target=produce, args=(cloud.port, queue, share)) for share in shares]
    outs = [str(folder / f"consumer-{i}") for i in range(2)]
    consumers = [processes.Process(target=consume, args=(cloud.port, queue, out, done)) for out in outs]
    for one in (*producers, *consumers):
        one.start()
    kills = 0
    while any(one.is_alive() for one in consumers):
        time.sleep(pause)
        if not done.is_set() and not any(one.is_alive() for one in producers):
            done.set()
        if kills < 5 or any(one.is_alive() for one in producers):
            cloud.kill()
            kills += 1
            cloud.start()
    assert [one.exitcode for one in (*producers, *consumers)] == [0, 0, 0, 0]
    assert kills >= 5
    cloud.stop()
    return [
        [tuple(line.split("\t", 1)) for line in Path(out).read_text("utf-8").splitlines()]  # type: ignore[misc]
        for out in outs
    ]


def check_standard(folder: Path, count: int, pause: float) -> None:
    texts = lines(count)
    came = [row for rows in through_a_dying_cloud(folder, "lines", texts, pause) for row in rows]
    assert {body for _, body in came} == set(texts), "lost or invented"
    # Every further copy of a line is a batch sent again or a message received again, never more than kills explain.
    extra = sum(Counter(body for _, body in came).values()) - len(texts)
    assert extra < count / 5


def check_fifo(folder: Path, count: int, pause: float) -> None:
    texts = lines(count)
    rows = through_a_dying_cloud(folder, "lines.fifo", texts, pause)
    came = [row for one in rows for row in one]
    assert {body for _, body in came} == set(texts), "lost or invented"
    assert len({message_id for message_id, _ in came}) == len(texts), "a retried line became two messages"
    for one in rows:
        latest: dict[int, int] = {}
        seen: set[str] = set()
        for message_id, body in one:
            key = int(body[:6])
            if message_id not in seen:
                assert key > latest.get(key % 16, -1), "out of order"
                latest[key % 16] = key
                seen.add(message_id)


@pytest.mark.parametrize("check", [check_standard, check_fifo])
def test_lines_come_whole_through_a_cloud_that_is_killed_again_and_again(tmp_path: Path, check: Any) -> None:
    check(tmp_path, 5_000, 0.7)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("check", [check_standard, check_fifo])
def test_a_hundred_thousand_lines_come_whole_through_it(tmp_path: Path, check: Any) -> None:
    check(tmp_path, 100_000, 2.0)


# --------------------------------------------------------------------------- a full disk
def fill(sqs: Any, queue: str) -> tuple[list[str], str]:
    """Sends until refused: (bodies that were acknowledged, the refusal's status and code)."""
    kept = []
    for i in range(500):
        body = f"{i:06}" + "x" * 60_000
        try:
            sqs.send_message(QueueUrl=queue, MessageBody=body)
        except ClientError as error:
            return kept, f"{error.response['ResponseMetadata']['HTTPStatusCode']} {error.response['Error']['Code']}"
        kept.append(body)
    raise AssertionError("the disk never filled")


def receive_all(sqs: Any, queue: str) -> list[str]:
    got: list[str] = []
    while found := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
        got += [one["Body"] for one in found]
    return got


def test_on_a_full_disk_nothing_acknowledged_is_lost_and_room_makes_it_well(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"\0" * 3_000_000)
    cloud = CloudProcess(small_disk / "data").start()
    try:
        sqs = cloud.client("sqs")
        queue = sqs.create_queue(QueueName="orders")["QueueUrl"]
        kept, code = fill(sqs, queue)
        assert code == "503 ServiceUnavailable"
        assert cloud.admin("GET", "/_fogstead/health")
        with pytest.raises(ClientError):
            sqs.send_message(QueueUrl=queue, MessageBody="x" * 60_000)
        ballast.unlink()
        sqs.send_message(QueueUrl=queue, MessageBody="room again")
        assert receive_all(sqs, queue) == [*kept, "room again"]
    finally:
        cloud.stop()


def test_a_cloud_killed_on_a_full_disk_starts_again_with_all_it_acknowledged(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"\0" * 3_000_000)
    cloud = CloudProcess(small_disk / "data").start()
    try:
        sqs = cloud.client("sqs")
        queue = sqs.create_queue(QueueName="orders")["QueueUrl"]
        kept, _ = fill(sqs, queue)
        cloud.kill()
        subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
        cloud.start()
        assert receive_all(sqs, queue) == kept
    finally:
        cloud.stop()


def test_at_a_limit_on_file_sizes_the_cloud_refuses_and_keeps_what_it_has(tmp_path: Path) -> None:
    """The same without root: files may not grow beyond four megabytes."""
    cloud = CloudProcess(tmp_path / "data").start()
    sqs = cloud.client("sqs")
    queue = sqs.create_queue(QueueName="orders")["QueueUrl"]
    limits = resource.prlimit(cloud.pid, resource.RLIMIT_FSIZE, (4_000_000, resource.RLIM_INFINITY))
    kept, code = fill(sqs, queue)
    assert code == "503 ServiceUnavailable"
    resource.prlimit(cloud.pid, resource.RLIMIT_FSIZE, limits)
    sqs.send_message(QueueUrl=queue, MessageBody="room again")
    assert receive_all(sqs, queue) == [*kept, "room again"]
    assert cloud.stop() == 0


# --------------------------------------------------------------------------- a folder that must not be touched
def refused_start(folder: Path) -> str:
    """The one sentence of a start that was refused."""
    command = [sys.executable, "-m", "fogstead.cli", "start", "--port", "0", "--data-dir", str(folder)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 1
    said = (ended.stdout + ended.stderr).strip()
    assert "\n" not in said
    assert "Traceback" not in said
    return said


def test_a_folder_in_use_is_refused(tmp_path: Path) -> None:
    cloud = CloudProcess(tmp_path / "data").start()
    assert f"process {cloud.pid}" in refused_start(tmp_path / "data")
    assert cloud.client("sqs").create_queue(QueueName="orders")
    assert cloud.stop() == 0


def test_a_folder_of_a_newer_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    cloud = CloudProcess(tmp_path / "data").start()
    cloud.client("sqs").create_queue(QueueName="orders")
    assert cloud.stop() == 0
    file = tmp_path / "data" / "cloud.db"
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = hashlib.sha256(file.read_bytes()).hexdigest()
    assert "newer" in refused_start(tmp_path / "data")
    assert hashlib.sha256(file.read_bytes()).hexdigest() == before


def test_a_file_that_is_no_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "cloud.db").write_bytes(b"this is not a store" * 1000)
    assert "not a readable store" in refused_start(tmp_path / "data")


# --------------------------------------------------------------------------- clients that break the rules
@pytest.fixture
def raw(cloud: CloudProcess) -> Callable[..., bytes]:
    """Sends bytes and gives what comes back until the other side closes or falls silent."""

    def exchange(data: bytes, *, close: bool = False, wait: float = 5) -> bytes:
        with socket.create_connection(("127.0.0.1", cloud.port), timeout=wait) as connection:
            connection.sendall(data)
            if close:
                connection.shutdown(socket.SHUT_WR)
            out = b""
            try:
                while piece := connection.recv(65536):
                    out += piece
                    if b"\r\n\r\n" in out and not close:
                        break
            except TimeoutError:
                pass
            return out

    return exchange


def signed(cloud: CloudProcess, account: str, operation: str, body: bytes) -> AWSRequest:
    headers = {"X-Amz-Target": f"AmazonSQS.{operation}", "Content-Type": "application/x-amz-json-1.0"}
    request = AWSRequest("POST", f"{cloud.endpoint}/", data=body, headers=headers)
    SigV4Auth(Credentials(account, "test"), "sqs", "us-east-1").add_auth(request)
    return request


def post(
    cloud: CloudProcess, request: AWSRequest, body: bytes | None = None, **more: str
) -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection("127.0.0.1", cloud.port, timeout=10)
    headers = {**dict(request.headers.items()), **more}
    connection.request("POST", "/", request.body if body is None else body, headers)
    answer = connection.getresponse()
    status, content = answer.status, json.loads(answer.read())
    connection.close()
    return status, content


def test_bodies_that_are_not_what_they_say_are_refused(cloud: CloudProcess, account: str, queue: str, sqs: Any) -> None:
    good = json.dumps({"QueueUrl": queue, "MessageBody": "x"}).encode()
    for body in (b"{", b"[]", b'{"QueueUrl": 5, "MessageBody": "x"}', b"\xff\xfe", b"[" * 100_000, b'"x"'):
        status, error = post(cloud, signed(cloud, account, "SendMessage", body))
        assert status == 400
        assert error["__type"].rpartition("#")[2] == "SerializationException"
    status, error = post(cloud, signed(cloud, account, "SendMessage", good), body=good.replace(b'"x"', b'"y"'))
    assert (status, error["__type"].rpartition("#")[2]) == (403, "InvalidSignatureException")
    request = signed(cloud, account, "SendMessage", good)
    authorization = request.headers["Authorization"]
    flipped = authorization[:-1] + ("0" if authorization[-1] != "0" else "1")
    for bad in (flipped, authorization.replace("us-east-1", "eu-west-1"), authorization.replace("/sqs/", "/sns/")):
        status, _ = post(cloud, request, Authorization=bad)
        assert status == 403
    status, _ = post(cloud, request, **{"X-Amz-Target": "AmazonSQS.PurgeQueue"})
    assert status == 403
    assert receive_all(sqs, queue) == []
    assert post(cloud, request)[0] == 200


def test_heads_that_are_too_long_or_ambiguous_are_refused(raw: Callable[..., bytes], sqs: Any, queue: str) -> None:
    for head, status in (
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 200_000 + b"\r\n\r\n", b"431"),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", b"400"),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", b"400"),
        (
            b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            b"400",
        ),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n", b"413"),
        (b"GARBAGE\r\n\r\n", b"400"),
    ):
        assert raw(head).split(b" ")[1:2] == [status], head[:80]
    assert receive_all(sqs, queue) == []


def test_requests_cut_short_write_nothing(
    cloud: CloudProcess, raw: Callable[..., bytes], account: str, queue: str, sqs: Any
) -> None:
    request = signed(cloud, account, "SendMessage", json.dumps({"QueueUrl": queue, "MessageBody": "x"}).encode())
    lines_ = [f"{name}: {value}" for name, value in request.headers.items() if name.lower() != "content-length"]
    body = bytes(request.body)
    head = "\r\n".join(
        ["POST / HTTP/1.1", f"Host: 127.0.0.1:{cloud.port}", *lines_, f"Content-Length: {len(body)}", "", ""]
    ).encode()
    for at in (10, len(head) - 2, len(head), len(head) + len(body) - 1):
        assert b" 200 " not in raw((head + body)[:at], close=True)
    assert receive_all(sqs, queue) == []
    assert b" 200 " in raw(head + body)
    assert receive_all(sqs, queue) == ["x"]


def test_half_open_connections_do_not_stop_others(cloud: CloudProcess, sqs: Any, queue: str) -> None:
    held = [socket.create_connection(("127.0.0.1", cloud.port)) for _ in range(200)]
    for i, one in enumerate(held):
        one.sendall(b"POST / HTTP/1.1\r\nHost: local"[: i % 28 + 1])
    started = time.monotonic()
    threads = [
        threading.Thread(target=sqs.send_message, kwargs={"QueueUrl": queue, "MessageBody": "x"}) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert receive_all(sqs, queue) == ["x"] * 8
    assert time.monotonic() - started < 5
    for one in held:
        one.close()
