"""The cloud's own endpoints: health for everyone, reset and clock for those who may."""

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from gateway.clouds import Started, signed
from gateway.sockets import run

RESET = "/_fogstead/reset"
CALLER = b"Action=GetCallerIdentity&Version=2011-06-15"
FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize("path", ["/_localstack/health", "/_fogstead/health", "/_fogstead/health/"])
def test_health_names_the_services_in_the_shape_that_older_tools_wait_for(tmp_path: Path, path: str) -> None:
    async def work() -> None:
        async with Started(tmp_path) as cloud:
            health = await cloud.ask_json("GET", path)
            assert health["services"]["sts"] == "available"
            assert set(health) == {"services", "edition", "version"}
            assert health["edition"] == "fogstead"

    run(work())


def test_the_cloud_says_that_it_lives_and_what_it_is(tmp_path: Path) -> None:
    async def work() -> None:
        async with Started(tmp_path) as cloud:
            for path in ("/_fogstead/live", "/_fogstead/ready"):
                assert await cloud.ask_json("GET", path) == {"status": "ok"}
            for path in ("/_fogstead/info", "/_localstack/info"):
                info = await cloud.ask_json("GET", path)
                assert (info["edition"], info["auth"]) == ("fogstead", "enforce")

    run(work())


def test_the_clock_is_read_and_moved_forward_only(tmp_path: Path) -> None:
    async def work() -> None:
        async with Started(tmp_path) as cloud:
            before = await cloud.ask_json("GET", "/_fogstead/clock")
            assert before["offset_millis"] == 0
            moved = await cloud.ask_json("POST", "/_fogstead/clock", b'{"advance_seconds": 60.5}')
            assert moved["cloud_millis"] >= before["cloud_millis"] + 60_500
            assert moved["offset_millis"] > 0
            until = moved["cloud_millis"] + 3_600_000
            moved = await cloud.ask_json("POST", "/_fogstead/clock", json.dumps({"set_millis": until}).encode())
            assert moved["cloud_millis"] >= until
            back = await cloud.ask("POST", "/_fogstead/clock", json.dumps({"set_millis": until - 10_000}).encode())
            assert back.status == 400
            assert b"forward only" in back.body

    run(work())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"{",
        b"\xff",
        b'{"advance_seconds": -1}',
        b'{"advance_seconds": "1"}',
        b'{"advance_seconds": 1e300}',
        b'{"advance_seconds": true}',
        b'{"set_millis": 1.5}',
        b'{"set_millis": true}',
        b'{"set_millis": 99999999999999999999999999}',
        b'{"set_millis": 9000000000000000000}',
    ],
)
def test_a_clock_that_cannot_be_set_so_is_left_alone(tmp_path: Path, body: bytes) -> None:
    async def work() -> None:
        async with Started(tmp_path) as cloud:
            refused = await cloud.ask("POST", "/_fogstead/clock", body)
            assert refused.status == 400
            assert json.loads(refused.body)["message"]
            assert (await cloud.ask_json("GET", "/_fogstead/clock"))["offset_millis"] == 0

    run(work())


def test_counts_audit_and_reset_are_for_programs_on_this_machine(tmp_path: Path) -> None:
    async def work() -> None:
        async with Started(tmp_path) as cloud:
            target, headers = signed("POST", "/", body=CALLER, headers=FORM)
            assert (await cloud.ask("POST", target, CALLER, **headers)).status == 200
            counts = await cloud.ask_json("GET", "/_fogstead/counts")
            assert [(one["operation"], one["count"]) for one in counts] == [("GetCallerIdentity", 1)]
            assert len(await cloud.ask_json("GET", "/_fogstead/audit")) == 1
            assert await cloud.ask_json("POST", RESET) == {"status": "reset"}

    run(work())


@pytest.mark.parametrize(
    ("how", "status"),
    [
        ({}, 200),
        ({"key": "111122223333"}, 200),
        ({"secret": "wrong"}, 403),
        ({"key": "AKIDUNKNOWN"}, 403),
        ({"age_seconds": 16 * 60}, 403),
        ({"age_seconds": -16 * 60}, 403),
        ({"expires": 60}, 200),
        ({"expires": 60, "age_seconds": 61}, 403),
    ],
)
def test_a_reset_that_is_signed_must_be_signed_well(tmp_path: Path, how: dict[str, Any], status: int) -> None:
    async def work() -> None:
        async with Started(tmp_path) as cloud:
            target, headers = signed("POST", RESET, **how)
            assert (await cloud.ask("POST", target, **headers)).status == status

    run(work())


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://localhost"},
        {"origin": "http://evil.com"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-origin"},
    ],
)
def test_a_web_page_may_not_reset_or_move_the_clock(tmp_path: Path, headers: dict[str, str]) -> None:
    async def work() -> None:
        async with Started(tmp_path) as cloud:
            assert (await cloud.ask("POST", RESET, **headers)).status == 403
            assert (await cloud.ask("POST", "/_fogstead/clock", b'{"advance_seconds": 1}', **headers)).status == 403
            assert (await cloud.ask("GET", "/_fogstead/counts", **headers)).status == 403

    run(work())


@pytest.mark.parametrize(("method", "path"), [("GET", "/_fogstead/x"), ("POST", "/_fogstead/health"), ("GET", RESET)])
def test_an_unknown_path_is_not_found(tmp_path: Path, method: str, path: str) -> None:
    async def work() -> None:
        async with Started(tmp_path) as cloud:
            missing = await cloud.ask(method, path)
            assert missing.status == 404
            assert path in json.loads(missing.body)["message"]

    run(work())


# --------------------------------------------------------------------------- signatures at the front
@pytest.mark.parametrize(
    ("how", "status", "code"),
    [
        ({}, 200, ""),
        ({"secret": "wrong"}, 403, "SignatureDoesNotMatch"),
        ({"key": "AKIDUNKNOWN"}, 403, "InvalidClientTokenId"),
        ({"age_seconds": 16 * 60}, 403, "SignatureDoesNotMatch"),
        ({"age_seconds": -16 * 60}, 403, "SignatureDoesNotMatch"),
    ],
)
def test_a_call_is_answered_or_refused_by_its_signature(
    tmp_path: Path, how: dict[str, Any], status: int, code: str
) -> None:
    async def work() -> None:
        async with Started(tmp_path) as cloud:
            target, headers = signed("POST", "/", body=CALLER, headers={**FORM, "host": "sts.amazonaws.com"}, **how)
            answer = await cloud.ask("POST", target, CALLER, **{**headers, "host": "sts.amazonaws.com"})
            assert answer.status == status, answer.body
            assert code.encode() in answer.body

    run(work())


def test_a_signature_for_another_service_is_refused(tmp_path: Path) -> None:
    async def work() -> None:
        async with Started(tmp_path) as cloud:
            json_call = {"content-type": "application/x-amz-json-1.0", "x-amz-target": "AmazonSQS.ListQueues"}
            target, headers = signed("POST", "/", body=b"{}", headers=json_call, service="sts")
            refused = await cloud.ask("POST", target, b"{}", **headers)
            assert refused.status == 403
            assert b"Credential should be scoped to correct service: 'sqs'" in refused.body

    run(work())


def test_a_presigned_call_expires_and_so_it_does_when_the_clock_is_moved(tmp_path: Path) -> None:
    path = "/?" + CALLER.decode()

    async def work() -> None:
        async with Started(tmp_path) as cloud:
            target, headers = signed("GET", path, expires=60, age_seconds=2)  # in a second that is over
            old, _ = signed("GET", path, expires=60, age_seconds=61)
            assert (await cloud.ask("GET", target, **headers)).status == 200
            assert (await cloud.ask("GET", old)).status == 403
            await cloud.ask_json("POST", "/_fogstead/clock", b'{"advance_seconds": 61}')
            refused = await cloud.ask("GET", target)
            assert refused.status == 403
            assert b"expired" in refused.body

    run(work())


def test_an_unsigned_call_lacks_its_token(tmp_path: Path) -> None:
    async def work() -> None:
        async with Started(tmp_path) as cloud:
            refused = await cloud.ask("POST", "/", CALLER, **FORM)
            assert refused.status == 403
            assert b"MissingAuthenticationToken" in refused.body

    run(work())


# --------------------------------------------------------------------------- the sweep
SWEEP = "/_fogstead/sweep"
ORPHAN = "zones/a/abc/abc" + "0" * 29


def orphan(folder: Path) -> Path:
    """A blob that no row refers to, as a crash leaves it."""
    file = folder / ORPHAN
    file.parent.mkdir(parents=True)
    file.write_bytes(b"bytes")
    return file


def test_a_sweep_removes_orphans_that_are_older_than_it_is_told(tmp_path: Path) -> None:
    async def work() -> None:
        async with Started(tmp_path) as cloud:
            file = orphan(tmp_path)
            for body in (b"", b"{}", b'{"older_than_seconds": 60}', b'{"older_than_seconds": 86400.5}'):
                assert await cloud.ask_json("POST", SWEEP, body) == {"removed": 0}
            assert file.exists()
            long_ago = time.time() - 25 * 3600
            os.utime(file, (long_ago, long_ago))
            assert await cloud.ask_json("POST", SWEEP, b'{"older_than_seconds": 100000}') == {"removed": 0}
            assert await cloud.ask_json("POST", SWEEP) == {"removed": 1}
            assert not file.exists()
            orphan_again = file.parent / file.name
            orphan_again.write_bytes(b"bytes")
            assert await cloud.ask_json("POST", SWEEP, b'{"older_than_seconds": 0}') == {"removed": 1}

    run(work())


@pytest.mark.parametrize(
    "body",
    [b"[]", b"{", b"\xff"]
    + [f'{{"older_than_seconds": {value}}}'.encode() for value in ("-1", '"1"', "true", "null", "1e300", "[]")],
)
def test_a_sweep_of_no_age_is_refused_and_removes_nothing(tmp_path: Path, body: bytes) -> None:
    async def work() -> None:
        async with Started(tmp_path) as cloud:
            file = orphan(tmp_path)
            refused = await cloud.ask("POST", SWEEP, body)
            assert refused.status == 400
            assert json.loads(refused.body)["message"]
            assert file.exists()

    run(work())


@pytest.mark.parametrize(
    ("how", "headers"),
    [
        ({"secret": "wrong"}, {}),
        ({"key": "AKIDUNKNOWN"}, {}),
        (None, {"origin": "http://localhost"}),
        (None, {"origin": "http://evil.com"}),
        (None, {"sec_fetch_site": "cross-site"}),
    ],
)
def test_a_sweep_is_for_those_who_are_trusted(
    tmp_path: Path, how: dict[str, Any] | None, headers: dict[str, str]
) -> None:
    async def work() -> None:
        async with Started(tmp_path) as cloud:
            file = orphan(tmp_path)
            target, lines = signed("POST", SWEEP, **how) if how is not None else (SWEEP, {})
            refused = await cloud.ask("POST", target, b'{"older_than_seconds": 0}', **{**lines, **headers})
            assert refused.status == 403
            assert file.exists()
            assert (await cloud.ask("GET", SWEEP)).status == 404

    run(work())


def test_a_reset_takes_the_blobs_along(tmp_path: Path) -> None:
    async def work() -> None:
        async with Started(tmp_path) as cloud:
            file = orphan(tmp_path)
            assert await cloud.ask_json("POST", RESET) == {"status": "reset"}
            assert not file.exists()

    run(work())
