"""Which names the cloud answers to, and which web pages may talk to it."""

import socket
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fogstead.gateway.hosts import OwnNames, bare, is_loopback, same_origin
from gateway.clouds import Started
from gateway.sockets import run

OWN = [
    "localhost",
    "localhost:4566",
    "LOCALHOST:4566",
    "queue.localhost",
    "bucket.s3.localhost:4566",
    "localhost.localstack.cloud:4566",
    "sqs.us-east-1.localhost.localstack.cloud:4566",
    "host.docker.internal:4566",
    "s3.amazonaws.com",
    "sqs.us-east-1.amazonaws.com",
    "sqs.cn-north-1.amazonaws.com.cn",
    "abc.lambda-url.us-east-1.on.aws",
    "s3.dualstack.us-east-1.api.aws",
    "127.0.0.1",
    "127.0.0.1:4566",
    "192.168.1.20:4566",
    "[::1]:4566",
    "[::1]",
    "::1",
    socket.gethostname(),
]
FOREIGN = [
    "evil.com",
    "evil.com:4566",
    "127.0.0.1.evil.com",
    "127.0.0.1.nip.io:4566",
    "localhost.evil.com",
    "evil-localhost",
    "evillocalhost",
    "notamazonaws.com",
    "amazonaws.com",
    "amazonaws.com.evil.com",
    "localhost@evil.com",
    "evil.com#localhost",
    "2130706433",
    "0x7f.1",
    "",
    ".",
    "localhost.localstack.cloud.evil.com",
]


@pytest.mark.parametrize("host", OWN)
def test_own_names_and_addresses_are_answered_to(host: str) -> None:
    assert OwnNames().has(host)


@pytest.mark.parametrize("host", FOREIGN)
def test_names_that_could_be_rebound_are_not_answered_to(host: str) -> None:
    names = OwnNames()
    assert not names.has(host)
    assert not names.has(host)


def test_the_operator_adds_names_and_what_is_below_them() -> None:
    names = OwnNames(["Cloud.Example."])
    assert names.has("cloud.example")
    assert names.has("bucket.cloud.example:4566")
    assert not names.has("notcloud.example")


def test_verdicts_on_endless_names_are_not_kept() -> None:
    names = OwnNames()
    assert not names.has("a" * 60_000)
    assert not names._verdicts


@pytest.mark.parametrize(
    ("host", "name"), [("a:1", "a"), ("a", "a"), ("[::1]:1", "::1"), ("::1", "::1"), ("a:", "a"), ("", "")]
)
def test_a_host_is_known_without_its_port(host: str, name: str) -> None:
    assert bare(host) == name


@pytest.mark.parametrize(
    ("origin", "host", "same"),
    [
        ("http://localhost:4566", "localhost:4566", True),
        ("HTTPS://LocalHost:4566", "localhost:4566", True),
        ("http://localhost", "localhost", True),
        ("http://localhost:3000", "localhost:4566", False),
        ("http://evil.com", "localhost:4566", False),
        ("null", "localhost:4566", False),
        ("", "localhost:4566", False),
    ],
)
def test_a_page_may_talk_to_its_own_host(origin: str, host: str, same: bool) -> None:
    assert same_origin(origin, host) is same


@pytest.mark.parametrize(
    ("peer", "loopback"), [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("10.0.0.1", False), ("x", False)]
)
def test_peers_on_this_machine_are_known(peer: str, loopback: bool) -> None:
    assert is_loopback(peer) is loopback


@pytest.mark.parametrize(
    ("target", "headers", "status"),
    [
        ("/_fogstead/health", {}, 200),
        ("/_fogstead/health", {"host": "evil.com"}, 403),
        ("/_fogstead/health", {"host": "127.0.0.1:4566"}, 200),
        ("/_fogstead/health", {"origin": "http://evil.com"}, 403),
        ("/_fogstead/health", {"origin": "null"}, 403),
        ("/_fogstead/health", {"origin": "http://localhost"}, 200),
        ("/_fogstead/health", {"host": "cloud.example"}, 200),
        ("http://localhost/_fogstead/health", {"host": "evil.com"}, 200),
        ("http://evil.com/_fogstead/health", {"host": "localhost"}, 403),
        ("HTTP://evil.com/_fogstead/health", {"host": "localhost"}, 403),
        ("/a://localhost/_fogstead/health", {"host": "evil.com"}, 403),
    ],
)
def test_the_front_answers_to_its_own_names_and_pages_only(
    tmp_path: Path, target: str, headers: dict[str, Any], status: int
) -> None:
    async def work() -> None:
        async with Started(tmp_path, host_names=("cloud.example",)) as cloud:
            assert (await cloud.ask("GET", target, **headers)).status == status

    run(work())


def test_nobody_is_connected_elsewhere(tmp_path: Path) -> None:
    async def work() -> None:
        async with Started(tmp_path) as cloud:
            assert (await cloud.ask("CONNECT", "localhost:443")).status == 501
            assert (await cloud.ask("CONNECT", "evil.com:443", host="evil.com:443")).status == 403

    run(work())


# --------------------------------------------------------------------------- buckets in hosts
@pytest.mark.parametrize(
    ("host", "bucket"),
    [
        ("bucket.s3.localhost:4566", "bucket"),
        ("bucket.s3.localhost", "bucket"),
        ("Bucket.S3.LocalHost", "bucket"),
        ("my.dotted.bucket.s3.localhost:4566", "my.dotted.bucket"),
        ("bucket.s3.localhost.localstack.cloud:4566", "bucket"),
        ("bucket.s3.eu-west-1.localhost.localstack.cloud", "bucket"),
        ("bucket.s3.amazonaws.com", "bucket"),
        ("bucket.s3.us-west-2.amazonaws.com", "bucket"),
        ("bucket.s3-us-west-2.amazonaws.com", "bucket"),
        ("bucket.s3.us-gov-west-1.amazonaws.com", "bucket"),
        ("bucket.s3.dualstack.eu-central-1.amazonaws.com", "bucket"),
        ("bucket.s3.cn-north-1.amazonaws.com.cn", "bucket"),
        ("bucket.s3.local.fogstead", "bucket"),
        ("s3.s3.localhost", "s3"),
        ("a.s3.b.s3.localhost", "a.s3.b"),
        ("s3.us-east-1.s3.amazonaws.com", "s3.us-east-1"),
        ("s3.localhost", ""),
        (".s3.localhost", ""),
        ("s3.us-east-1.amazonaws.com", ""),
        ("s3.dualstack.us-east-1.amazonaws.com", ""),
        ("localhost:4566", ""),
        ("bucket.localhost", ""),
        ("bucket.sqs.localhost", ""),
        ("111122223333.s3-control.us-east-1.amazonaws.com", ""),
        ("bucket.s3-website.localhost", ""),
        ("bucket.s3-website-us-east-1.amazonaws.com", ""),
        ("bucket.s3.evil.com", ""),
        ("bucket.s3.localhost.evil.com", ""),
        ("127.0.0.1:4566", ""),
        ("[::1]:4566", ""),
        ("", ""),
    ],
)
def test_a_host_may_name_a_bucket(host: str, bucket: str) -> None:
    names = OwnNames()
    assert names.bucket_in(host) == bucket
    assert names.bucket_in(host) == bucket


def test_a_bucket_stands_before_the_operators_own_names_too() -> None:
    names = OwnNames(["Cloud.Example"])
    assert names.bucket_in("bucket.s3.cloud.example:443") == "bucket"
    assert names.bucket_in("bucket.s3.cloudxexample") == ""
    assert OwnNames().bucket_in("bucket.s3.cloud.example") == ""


@given(st.from_regex(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", fullmatch=True), st.sampled_from(["", ".eu-west-1"]))
def test_every_name_that_a_bucket_may_have_is_found_in_a_host(bucket: str, region: str) -> None:
    assert OwnNames().bucket_in(f"{bucket}.s3{region}.localhost:4566") == bucket


def test_buckets_in_endless_and_in_countless_hosts_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fogstead.gateway.hosts._REMEMBERED_MAX", 10)
    names = OwnNames()
    assert names.bucket_in("a" * 60_000 + ".s3.localhost") == "a" * 60_000
    assert not names._buckets
    for number in range(100):
        assert names.bucket_in(f"bucket{number}.s3.localhost") == f"bucket{number}"
    assert len(names._buckets) == 10


@pytest.mark.parametrize("host", [".s3" * 20_000, ".s3-aa" + "-a" * 30_000, "a.s3.us" + "-east" * 10_000 + "-1.x"])
def test_a_host_that_was_made_to_be_slow_is_not(host: str) -> None:
    """Looking at one costs no more than its length."""
    start = time.process_time()
    OwnNames().bucket_in(host)
    assert time.process_time() - start < 0.5
