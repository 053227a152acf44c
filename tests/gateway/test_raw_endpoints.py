"""Raw endpoints: bytes both ways, an Upgrade, and who is trusted."""

import asyncio
import json
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest

from gateway.clouds import SERVICES, Started, signed
from gateway.sockets import run, until

PACKAGES = (SERVICES, "gateway.echo_services")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The catalogue of these packages is no other cloud's."""
    monkeypatch.setattr("fogstead.main.cache_folder", lambda: tmp_path / "cache")


def started(folder: Path) -> Started:
    return Started(folder / "data", packages=PACKAGES)


def test_a_body_is_given_back_while_it_still_comes(tmp_path: Path) -> None:
    async def work() -> None:
        async with started(tmp_path) as cloud:
            client = await cloud.client()
            client.get("/_echo/", "Transfer-Encoding: chunked", method="PUT")
            assert (await client.head()).status == 200
            chunks = client.chunks()
            for word in (b"one", b"two" * 10_000):
                client.send(b"%x\r\n%b\r\n" % (len(word), word))
                back = b""
                while len(back) < len(word):
                    back += await anext(chunks)
                assert back == word
            client.send("0\r\n\r\n")
            assert [chunk async for chunk in chunks] == []
            client.get("/_facts")
            assert (await client.answer()).status == 200

    run(work())


def test_a_body_much_bigger_than_any_buffer_goes_round(tmp_path: Path) -> None:
    async def work() -> None:
        async with started(tmp_path) as cloud:
            client = await cloud.client()
            size = 20 << 20
            client.get("/_echo/", method="PUT", body=bytes(size))
            assert len((await client.answer()).body) == size

    run(work())


def test_an_upgraded_connection_gives_back_raw_bytes(tmp_path: Path) -> None:
    async def work() -> None:
        async with started(tmp_path) as cloud:
            client = await cloud.client()
            client.get("/_upgrade", "Connection: Upgrade", "Upgrade: echo")
            client.send(b"early")
            answer = await client.head()
            assert (answer.status, answer.header("upgrade")) == (101, "echo")
            assert await client.reader.readexactly(5) == b"early"
            client.send(bytes(range(256)))
            assert await client.reader.readexactly(256) == bytes(range(256))
            client.writer.write_eof()
            assert await client.ended()
            await cloud.empty()

    run(work())


def test_an_endpoint_that_breaks_says_so_and_after_an_upgrade_ends_the_connection(tmp_path: Path) -> None:
    async def work() -> None:
        async with started(tmp_path) as cloud:
            assert (await cloud.ask("GET", "/_fail")).status == 500
            client = await cloud.client()
            client.get("/_upgrade")
            assert (await client.head()).status == 101
            client.send(b"fail")
            assert await client.ended()

    run(work())


def test_an_endpoint_hears_that_its_client_has_gone(tmp_path: Path) -> None:
    async def work() -> None:
        async with started(tmp_path) as cloud:
            for path in ("/_upgrade", "/_echo/"):
                client = await cloud.client()
                client.get(path, "Transfer-Encoding: chunked", method="PUT")
                await client.head()
                client.vanish()
                await cloud.empty()
                await until(lambda: not cloud.running.application._tasks)

    run(work())


def test_what_is_known_of_a_request_is_told(tmp_path: Path) -> None:
    async def work() -> None:
        async with started(tmp_path) as cloud:
            facts = await cloud.ask_json("POST", "/_facts/a?b=c", b"12345")
            assert facts == {
                "method": "POST",
                "path": "/_facts/a",
                "query": "b=c",
                "host": "localhost",
                "peer": "127.0.0.1",
                "secure": False,
                "trusted": True,
                "region": "us-east-1",
                "body": 5,
            }

    run(work())


@pytest.mark.parametrize("host", ["a.site.localhost", "A.Site.LocalHost:4566"])
def test_an_endpoint_is_found_by_its_host(tmp_path: Path, host: str) -> None:
    async def work() -> None:
        async with started(tmp_path) as cloud:
            assert (await cloud.ask_json("GET", "/any/path", host=host))["host"] == host
            assert (await cloud.ask("GET", "/any/path", host="site.localhost")).status != 200

    run(work())


@pytest.mark.parametrize(
    ("how", "trusted"),
    [
        ({}, True),
        ({"secret": "wrong"}, False),
        ({"key": "AKIDUNKNOWN"}, False),
        ({"age_seconds": 3600}, False),
        ({"expires": 60}, True),
        ({"expires": 60, "age_seconds": 61}, False),
    ],
)
def test_a_root_signature_is_trusted_and_a_bad_one_is_not(tmp_path: Path, how: dict[str, Any], trusted: bool) -> None:
    async def work() -> None:
        async with started(tmp_path) as cloud:
            target, headers = signed("GET", "/_facts", **how)
            facts = await cloud.ask_json("GET", target, **headers)
            assert (facts["trusted"], facts["region"]) == (trusted, "eu-west-1")

    run(work())


@pytest.mark.parametrize(
    ("headers", "trusted"),
    [({}, True), ({"origin": "http://localhost"}, False), ({"sec_fetch_site": "cross-site"}, False)],
)
def test_a_web_page_is_not_trusted(tmp_path: Path, headers: dict[str, str], trusted: bool) -> None:
    async def work() -> None:
        async with started(tmp_path) as cloud:
            assert (await cloud.ask_json("GET", "/_facts", **headers))["trusted"] is trusted
            assert (await cloud.ask("GET", "/_facts", origin="http://evil.com")).status == 403

    run(work())


def test_api_calls_are_still_answered_beside_them(tmp_path: Path) -> None:
    async def work() -> None:
        async with started(tmp_path) as cloud:
            body = b"Action=GetCallerIdentity&Version=2011-06-15"
            form = {"content-type": "application/x-www-form-urlencoded"}
            target, headers = signed("POST", "/", body=body, headers=form)
            answers = await asyncio.gather(
                cloud.ask("POST", target, body, **headers), cloud.ask("GET", "/_facts"), cloud.ask("GET", "/_echo/")
            )
            assert [answer.status for answer in answers] == [200, 200, 200]
            assert b"<Account>000000000000</Account>" in answers[0].body
            assert json.loads(answers[1].body)["trusted"] is True

    run(work())


def test_an_endpoint_that_forgets_to_answer_keeps_nobody_waiting(tmp_path: Path) -> None:
    async def work() -> None:
        async with started(tmp_path) as cloud:
            client = await cloud.client()
            client.get("/_silent")
            assert (await client.answer()).status == 500
            client.get("/_facts")
            assert (await client.answer()).status == 200

    run(work())


def test_listeners_echo_datagrams_and_bytes_plain_and_in_tls(tmp_path: Path) -> None:
    async def work() -> None:
        async with started(tmp_path) as cloud:
            ports = cloud.running.cloud.ports
            loop = asyncio.get_running_loop()
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
                client.setblocking(False)
                await loop.sock_connect(client, ("127.0.0.1", ports["polly udp echo"]))
                await loop.sock_sendall(client, b"datagram")
                assert await loop.sock_recv(client, 100) == b"datagram"
            trusting = ssl.create_default_context(cafile=str(tmp_path / "data" / "tls" / "ca.pem"))
            for name, tls in (("polly tcp echo", None), ("polly tls echo", trusting)):
                server_name = "localhost" if tls else None
                reader, writer = await asyncio.open_connection(
                    "127.0.0.1", ports[name], ssl=tls, server_hostname=server_name
                )
                writer.write(b"bytes")
                assert await reader.readexactly(5) == b"bytes"
                writer.close()

    run(work())


def test_listeners_keep_their_ports_over_a_restart(tmp_path: Path) -> None:
    async def work() -> None:
        seen = []
        for _ in range(2):
            async with started(tmp_path) as cloud:
                seen.append(dict(cloud.running.cloud.ports))
        assert seen[0] == seen[1]
        assert len(set(seen[0].values())) == 3

    run(work())
