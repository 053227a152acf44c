"""Calls with streamed bodies: refused before they are read, read as they come, and what becomes of the connection."""

import asyncio
import logging
import random
from pathlib import Path
from typing import Any

import pytest

from fogstead.gateway.application import BODY_BYTES_MAX, GATHERED_BYTES_MAX
from fogstead.gateway.bounds import UNREAD_BYTES_MAX
from fogstead.gateway.http1 import Head
from gateway.clouds import Started, begin, send, signed_for_s3
from gateway.sockets import Answer, Client, run, until

DATA = random.Random(5).randbytes(400_000)
TARGET = "/bucket/key"


async def call(cloud: Started, method: str, target: str, body: bytes = b"", **headers: str) -> Answer:
    """One signed request to S3 on a connection of its own."""
    return await send(await cloud.client(), method, target, body, signed_for_s3(method, target, **headers))


async def put_head(client: Client, size: int, body: bytes = b"", target: str = TARGET, **headers: str) -> None:
    """Begin to put an object, with as much of its body as is given."""
    lines = signed_for_s3("PUT", target, **headers)
    await begin(client, "PUT", target, {**lines, "content-length": str(size)}, body)


def blobs(folder: Path) -> list[Path]:
    """The files of all blobs of a cloud."""
    return list(folder.glob("zones/*/???/*"))


def working(cloud: Started) -> bool:
    """Whether any call is under way."""
    running = cloud.running
    return bool(running.application._tasks or running.cloud.pipeline._tasks)


# --------------------------------------------------------------------------- how a body is wanted
class Planned:
    """As much of an exchange as a plan needs."""

    def __init__(self, head: Head) -> None:
        self.head = head
        self.answers: list[int] = []

    def answer(self, status: int, _headers: Any, _body: bytes = b"") -> None:
        self.answers.append(status)


@pytest.mark.parametrize(
    ("method", "target", "headers", "streamed"),
    [
        ("PUT", TARGET, {"content-length": str(GATHERED_BYTES_MAX)}, False),
        ("PUT", TARGET, {"content-length": str(GATHERED_BYTES_MAX + 1)}, True),
        ("PUT", TARGET, {"transfer-encoding": "chunked"}, True),
        ("PUT", TARGET + "?partNumber=1&uploadId=u", {"content-length": "10000000"}, True),
        ("PUT", "/key", {"content-length": "10000000", "host": "bucket.s3.localhost"}, True),
        ("PUT", "/bucket?tagging", {"content-length": "10000000"}, False),
        ("PUT", "/bucket", {"content-length": "10000000"}, False),
        ("POST", "/bucket?delete", {"content-length": "10000000"}, False),
        ("POST", "/bucket", {"content-length": "10", "content-type": "Multipart/Form-Data; boundary=x"}, True),
        ("POST", "/", {"content-length": "10000000", "x-amz-target": "AmazonSQS.SendMessage"}, False),
        ("PUT", TARGET, {"content-length": "10000000", "x-amz-target": "AmazonSQS.SendMessage"}, False),
        ("POST", "/", {"content-length": "10000000", "content-type": "application/x-www-form-urlencoded"}, False),
        ("PATCH", TARGET, {"content-length": "10000000"}, False),
        ("GET", TARGET, {}, False),
    ],
)
def test_only_long_bodies_that_an_operation_takes_as_they_come_are_streamed(
    tmp_path: Path, method: str, target: str, headers: dict[str, str], streamed: bool
) -> None:
    async def work() -> None:
        async with Started(tmp_path) as cloud:
            exchange = Planned(Head(method, target, {"host": "localhost", **headers}, minor=1))
            wanted = cloud.running.application.plan(exchange)  # type: ignore[arg-type]
            assert wanted == (None if streamed else BODY_BYTES_MAX)
            assert exchange.answers == []

    run(work())


@pytest.mark.parametrize("size", [0, 1, GATHERED_BYTES_MAX, GATHERED_BYTES_MAX + 1, len(DATA)])
def test_what_was_put_is_got_gathered_or_streamed(tmp_path: Path, size: int) -> None:
    async def work() -> None:
        async with Started(tmp_path) as cloud:
            assert (await call(cloud, "PUT", "/bucket")).status == 200
            client = await cloud.client()
            await put_head(client, size, DATA[:size])
            assert (await client.answer()).status == 200
            got = await send(client, "GET", TARGET, b"", signed_for_s3("GET", TARGET))
            assert (got.status, got.body) == (200, DATA[:size])
            assert got.header("content-length") == str(size)

    run(work())


# --------------------------------------------------------------------------- refused before the body is read
REFUSED: list[tuple[dict[str, Any], int]] = [
    ({"target": "/missing/key"}, 404),
    ({"key": "111122223333"}, 403),
    ({"key": "AKIDUNKNOWN"}, 403),
    ({"x_amz_storage_class": "NONE"}, 400),
    ({"payload_hash": "STREAMING-UNSIGNED-PAYLOAD-TRAILER"}, 411),
    ({"payload_hash": "neither hash nor word"}, 400),
]


@pytest.mark.parametrize(("how", "status"), REFUSED)
def test_a_body_that_is_refused_is_not_asked_for(tmp_path: Path, how: dict[str, Any], status: int) -> None:
    """RFC 9110, 10.1.1: a final answer in the place of `100 Continue`."""

    async def work() -> None:
        async with Started(tmp_path) as cloud:
            await call(cloud, "PUT", "/bucket")
            client = await cloud.client()
            await put_head(client, len(DATA), expect="100-continue", **how)
            answer = await client.answer()
            assert answer.status == status, answer.body
            assert answer.header("connection") == "close"
            assert await client.ended()
            assert blobs(tmp_path) == []

    run(work())


@pytest.mark.parametrize(("how", "status"), REFUSED)
def test_a_refusal_comes_while_the_body_is_still_to_come(tmp_path: Path, how: dict[str, Any], status: int) -> None:
    async def work() -> None:
        async with Started(tmp_path) as cloud:
            await call(cloud, "PUT", "/bucket")
            client = await cloud.client()
            await put_head(client, len(DATA), DATA[:1_000], **how)
            assert (await client.answer()).status == status

    run(work())


def test_a_signature_that_is_wrong_costs_no_body(tmp_path: Path) -> None:
    async def work() -> None:
        async with Started(tmp_path) as cloud:
            await call(cloud, "PUT", "/bucket")
            client = await cloud.client()
            headers = signed_for_s3("PUT", TARGET, expect="100-continue")
            headers["authorization"] = headers["authorization"][:-1] + "x"
            await begin(client, "PUT", TARGET, {**headers, "content-length": str(len(DATA))})
            answer = await client.answer()
            assert (answer.status, b"SignatureDoesNotMatch" in answer.body) == (403, True)

    run(work())


@pytest.mark.parametrize("size", [10, GATHERED_BYTES_MAX, len(DATA)])
def test_a_body_that_may_come_is_asked_for_once(tmp_path: Path, size: int) -> None:
    async def work() -> None:
        async with Started(tmp_path) as cloud:
            await call(cloud, "PUT", "/bucket")
            client = await cloud.client()
            await put_head(client, size, expect="100-continue")
            assert (await client.head()).status == 100
            for at in range(0, size, 50_000):
                client.send(DATA[at : min(at + 50_000, size)])
            assert (await client.answer()).status == 200
            assert (await send(client, "GET", TARGET, b"", signed_for_s3("GET", TARGET))).body == DATA[:size]

    run(work())


# --------------------------------------------------------------------------- what becomes of the connection
def test_a_refused_body_that_is_short_is_read_past_and_the_connection_goes_on(tmp_path: Path) -> None:
    async def work() -> None:
        async with Started(tmp_path) as cloud:
            await call(cloud, "PUT", "/bucket")
            client = await cloud.client()
            size = UNREAD_BYTES_MAX
            await put_head(client, size, DATA[:1_000], target="/missing/key")
            answer = await client.answer()
            assert (answer.status, answer.header("connection")) == (404, None)
            client.send(DATA[1_000:size])
            assert (await send(client, "GET", "/bucket", b"", signed_for_s3("GET", "/bucket"))).status == 200

    run(work())


def test_a_refused_body_that_is_long_ends_the_connection_and_is_never_taken_for_a_request(tmp_path: Path) -> None:
    async def work() -> None:
        async with Started(tmp_path) as cloud:
            await call(cloud, "PUT", "/bucket")
            client = await cloud.client()
            await put_head(client, 10 * UNREAD_BYTES_MAX, target="/missing/key")
            answer = await client.answer()
            assert (answer.status, answer.header("connection")) == (404, "close")
            await begin(client, "PUT", "/smuggled", signed_for_s3("PUT", "/smuggled"))
            assert await client.ended()
            assert b"smuggled" not in (await call(cloud, "GET", "/")).body

    run(work())


@pytest.mark.parametrize("sent", [0, 1_000, 150_000])
def test_a_client_that_goes_away_in_the_middle_leaves_nothing(tmp_path: Path, sent: int) -> None:
    async def work() -> None:
        async with Started(tmp_path) as cloud:
            await call(cloud, "PUT", "/bucket")
            client = await cloud.client()
            await put_head(client, len(DATA), DATA[:sent])
            await until(lambda: working(cloud))
            client.vanish()
            await until(lambda: not working(cloud))
            assert blobs(tmp_path) == []
            assert (await call(cloud, "GET", TARGET)).status == 404
            codes = {series.error for series, _ in cloud.running.cloud.counts if series.operation == "PutObject"}
            assert codes == {"IncompleteBody"}

    run(work())


FORM_KIND = "multipart/form-data; boundary=XX"
FORM = b'--XX\r\ncontent-disposition: form-data; name="key"\r\n\r\nk\r\n'
FORM += b'--XX\r\ncontent-disposition: form-data; name="file"; filename="f"\r\n\r\n'


@pytest.mark.parametrize("sent", [20, len(FORM) + 200_000])
def test_a_browser_that_goes_away_in_the_middle_of_its_form_is_no_failure_of_ours(
    tmp_path: Path, sent: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def work() -> None:
        async with Started(tmp_path, auth="off") as cloud:
            await call(cloud, "PUT", "/bucket")
            client = await cloud.client()
            headers = {"host": "localhost", "content-type": FORM_KIND, "content-length": "1000000"}
            await begin(client, "POST", "/bucket", headers, (FORM + DATA)[:sent])
            await until(lambda: working(cloud))
            client.vanish()
            await until(lambda: not working(cloud))
            assert blobs(tmp_path) == []
            codes = {series.error for series, _ in cloud.running.cloud.counts if series.operation == "PostObject"}
            assert "InternalFailure" not in codes

    with caplog.at_level(logging.ERROR):
        run(work())
    assert [record.getMessage() for record in caplog.records] == []


# --------------------------------------------------------------------------- streamed answers
def test_a_reader_that_goes_away_lets_the_bytes_go(tmp_path: Path) -> None:
    async def work() -> None:
        async with Started(tmp_path) as cloud:
            await call(cloud, "PUT", "/bucket")
            client = await cloud.client()
            size = 20 << 20
            await put_head(client, size)
            for _ in range(20):
                client.send(bytes(1 << 20))
            assert (await client.answer()).status == 200
            await begin(client, "GET", TARGET, signed_for_s3("GET", TARGET))
            assert (await client.head()).status == 200
            assert (await call(cloud, "DELETE", TARGET)).status == 204
            assert len(blobs(tmp_path)) == 1
            client.vanish()
            await until(lambda: blobs(tmp_path) == [])

    run(work())


@pytest.mark.parametrize(
    ("span", "status", "start", "end"),
    [("bytes=0-0", 206, 0, 1), ("bytes=70000-299999", 206, 70_000, 300_000), ("bytes=-5", 206, -5, None)],
)
def test_a_range_says_its_length_and_is_as_long(
    tmp_path: Path, span: str, status: int, start: int, end: int | None
) -> None:
    async def work() -> None:
        async with Started(tmp_path) as cloud:
            await call(cloud, "PUT", "/bucket")
            await call(cloud, "PUT", TARGET, DATA)
            got = await call(cloud, "GET", TARGET, range=span)
            assert (got.status, got.body) == (status, DATA[start:end])
            assert got.header("content-length") == str(len(DATA[start:end]))
            head = await call(cloud, "HEAD", TARGET, range=span)
            assert head.header("content-length") == got.header("content-length")

    run(work())


def test_bytes_that_are_lost_cut_the_answer_off(tmp_path: Path) -> None:
    """Half an answer must not look like a whole one."""

    async def work() -> None:
        async with Started(tmp_path) as cloud:
            await call(cloud, "PUT", "/bucket")
            await call(cloud, "PUT", TARGET, DATA)
            (blob,) = blobs(tmp_path)
            blob.write_bytes(blob.read_bytes()[:-1_000])
            client = await cloud.client()
            await begin(client, "GET", TARGET, signed_for_s3("GET", TARGET))
            with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
                await client.answer()

    run(work())


def test_requests_are_named_as_their_service_names_them(tmp_path: Path) -> None:
    async def work() -> None:
        async with Started(tmp_path) as cloud:
            for answer in (await call(cloud, "GET", "/"), await call(cloud, "GET", "/missing")):
                assert answer.header("x-amz-request-id")
                assert answer.header("x-amz-id-2")
                assert answer.header("x-amzn-requestid") is None
            other = await cloud.ask("POST", "/", b"{}", x_amz_target="AmazonSQS.ListQueues")
            assert other.header("x-amzn-requestid")
            assert other.header("x-amz-id-2") is None

    run(work())
