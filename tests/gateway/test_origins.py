"""Web pages of other origins: kept out, but where a resource lets them in itself."""

import base64
import hashlib
from pathlib import Path
from typing import Any

import pytest

from gateway.clouds import Started, send, signed, signed_for_s3
from gateway.sockets import Answer, run

EVIL = "http://evil.example"
GOOD = "https://app.example"
CORS = f"""<CORSConfiguration><CORSRule><AllowedOrigin>{GOOD}</AllowedOrigin><AllowedMethod>GET</AllowedMethod>
<AllowedMethod>PUT</AllowedMethod></CORSRule></CORSConfiguration>""".encode()
DELETES = b"<Delete><Object><Key>key</Key></Object></Delete>"
FORM = {"content_type": "application/x-www-form-urlencoded"}
MULTIPART = (
    b'--XX\r\ncontent-disposition: form-data; name="key"\r\n\r\nplanted\r\n'
    b'--XX\r\ncontent-disposition: form-data; name="file"; filename="f"\r\n\r\nx\r\n--XX--\r\n'
)


async def call(cloud: Started, method: str, target: str, body: bytes = b"", **headers: str) -> Answer:
    """One signed request to S3."""
    origin = {"origin": headers.pop("origin")} if "origin" in headers else {}
    lines = {**signed_for_s3(method, target, **headers), **origin}
    return await send(await cloud.client(), method, target, body, lines)


async def shop(cloud: Started, *, rules: bool = False) -> None:
    """A bucket with an object, and perhaps rules for pages."""
    assert (await call(cloud, "PUT", "/bucket")).status == 200
    assert (await call(cloud, "PUT", "/bucket/key", b"text")).status == 200
    if rules:
        assert (await call(cloud, "PUT", "/bucket?cors", CORS, content_md5=_md5(CORS))).status == 200


def let_in(answer: Answer) -> str | None:
    """Which origin an answer lets in."""
    return next((value for name, value in answer.headers if name.lower() == "access-control-allow-origin"), None)


def _md5(body: bytes) -> str:
    return base64.b64encode(hashlib.md5(body).digest()).decode()


SERVICES: list[tuple[str, str, bytes, dict[str, str]]] = [
    ("POST", "/", b"{}", {"x_amz_target": "AmazonSQS.ListQueues", "content_type": "application/x-amz-json-1.0"}),
    ("POST", "/?Action=ListQueues&Version=2012-11-05", b"", {}),
    ("GET", "/?Action=GetCallerIdentity&Version=2011-06-15", b"", {}),
    ("POST", "/", b"Action=ListQueues&Version=2012-11-05", {**FORM, "host": "sqs.us-east-1.amazonaws.com"}),
    ("GET", "/_fogstead/health", b"", {}),
    ("POST", "/_fogstead/reset", b"", {}),
    ("GET", "/_localstack/health", b"", {}),
    ("POST", "/service/AmazonSQS/operation/ListQueues", b"", {"smithy_protocol": "rpc-v2-cbor"}),
]


@pytest.mark.parametrize("auth", ["enforce", "off"])
@pytest.mark.parametrize("origin", [EVIL, "null", "http://localhost:3000"])
@pytest.mark.parametrize(("method", "target", "body", "headers"), SERVICES)
def test_a_page_of_another_origin_calls_no_service(
    tmp_path: Path, method: str, target: str, body: bytes, headers: dict[str, str], origin: str, auth: str
) -> None:
    async def work() -> None:
        async with Started(tmp_path, auth=auth) as cloud:
            for verb in (method, "OPTIONS"):
                refused = await cloud.ask(verb, target, body, origin=origin, **headers)
                assert (refused.status, let_in(refused)) == (403, None)
                assert refused.body.startswith(b"Web pages of other origins")

    run(work())


FORM_CALLS = [
    b"Action=CreateQueue&Version=2012-11-05&QueueName=planted",
    b"Version=2012-11-05&Action=ListQueues",
    b"Action=GetCallerIdentity&Version=2011-06-15",
]


@pytest.mark.parametrize("auth", ["enforce", "audit", "off"])
@pytest.mark.parametrize("body", FORM_CALLS)
def test_a_page_cannot_call_a_service_by_a_plain_form_either(tmp_path: Path, body: bytes, auth: str) -> None:
    """A browser sends such a form to anybody without asking first; only its body says for which service it is."""

    async def work() -> None:
        async with Started(tmp_path, auth=auth) as cloud:
            refused = await cloud.ask("POST", "/", body, origin=EVIL, **FORM)
            assert refused.status == 403, refused
            counted = {series.error for series, _ in cloud.running.cloud.counts}
            assert counted <= {"MissingAuthenticationTokenException"}, "no operation may have run"

    run(work())


@pytest.mark.parametrize("auth", ["audit", "off"])
@pytest.mark.parametrize(
    ("method", "target", "body", "headers"),
    [
        ("GET", "/bucket/key", b"", {}),
        ("POST", "/bucket", MULTIPART, {"content_type": "multipart/form-data; boundary=XX"}),
        (
            "POST",
            "/bucket?delete",
            DELETES,
            {"content_type": "text/plain", "content_md5": "MD5"},
        ),
        ("POST", "/bucket/new?uploads", b"", {}),
        ("PUT", "/bucket/planted", b"x", {}),
        ("DELETE", "/bucket/key", b"", {}),
    ],
)
def test_where_nobody_has_to_sign_a_page_of_another_origin_is_still_kept_out(
    tmp_path: Path, method: str, target: str, body: bytes, headers: dict[str, str], auth: str
) -> None:
    """With `--auth off` everybody is root, and `audit` denies nothing; a page that one happens to visit stays out."""

    async def work() -> None:
        async with Started(tmp_path, auth=auth) as cloud:
            await shop(cloud)
            lines = {name: value.replace("MD5", _md5(body)) for name, value in headers.items()}
            refused = await cloud.ask(method, target, body, origin=EVIL, **lines)
            assert refused.status == 403
            assert (await cloud.ask("GET", "/bucket/key")).body == b"text"
            assert b"planted" not in (await cloud.ask("GET", "/bucket")).body
            assert b"<Upload>" not in (await cloud.ask("GET", "/bucket?uploads")).body

    run(work())


def test_a_page_of_the_clouds_own_origin_calls_as_any_program_does(tmp_path: Path) -> None:
    async def work() -> None:
        async with Started(tmp_path) as cloud:
            await shop(cloud)
            assert (await call(cloud, "GET", "/bucket/key", origin="http://localhost")).body == b"text"
            body = b"Action=GetCallerIdentity&Version=2011-06-15"
            target, headers = signed("POST", "/", body=body, headers={"content-type": FORM["content_type"]})
            answer = await cloud.ask("POST", target, body, **{**headers, "origin": "http://localhost"})
            assert answer.status == 200
            assert (await cloud.ask("OPTIONS", "/_fogstead/health", origin="http://localhost")).status == 404

    run(work())


# --------------------------------------------------------------------------- where a resource decides
def test_a_signed_request_of_a_foreign_page_needs_the_resources_rules(tmp_path: Path) -> None:
    async def work() -> None:
        async with Started(tmp_path) as cloud:
            await shop(cloud)
            for method in ("GET", "PUT", "DELETE"):
                refused = await call(cloud, method, "/bucket/key", origin=GOOD)
                assert (refused.status, refused.body[:22]) == (403, b"Web pages of other ori")
            await shop(cloud, rules=True)
            allowed = await call(cloud, "GET", "/bucket/key", origin=GOOD)
            assert (allowed.status, let_in(allowed)) == (200, GOOD)
            for method, origin in (("DELETE", GOOD), ("GET", EVIL), ("PUT", "null")):
                refused = await call(cloud, method, "/bucket/key", origin=origin)
                assert refused.status == 403
                assert let_in(refused) is None
            assert (await call(cloud, "GET", "/bucket/key")).body == b"text"

    run(work())


def test_what_everybody_may_read_is_read_by_pages_too_but_not_shown_to_them(tmp_path: Path) -> None:
    """The browser keeps an answer without rules from the page; the permission is the resource's own."""

    async def work() -> None:
        async with Started(tmp_path) as cloud:
            await shop(cloud)
            refused = await cloud.ask("GET", "/bucket/key", origin=EVIL)
            assert (refused.status, b"<Code>AccessDenied</Code>" in refused.body) == (403, True)
            assert let_in(refused) is None

    run(work())


def test_a_preflight_is_answered_by_the_resource(tmp_path: Path) -> None:
    async def work() -> None:
        async with Started(tmp_path) as cloud:
            await shop(cloud, rules=True)
            for headers, status in (
                ({"origin": GOOD, "access_control_request_method": "PUT"}, 200),
                ({"origin": GOOD, "access_control_request_method": "DELETE"}, 403),
                ({"origin": EVIL, "access_control_request_method": "PUT"}, 403),
                ({"access_control_request_method": "PUT"}, 400),
                ({"origin": GOOD}, 400),
            ):
                for target, host in (("/bucket/key", "localhost"), ("/key", "bucket.s3.localhost")):
                    answer = await cloud.ask("OPTIONS", target, host=host, **headers)
                    assert answer.status == status, (headers, answer)
                    known = let_in(answer)
                    assert known == (GOOD if status == 200 else None)

    run(work())


def test_rules_that_break_are_a_failure_and_let_nobody_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        async with Started(tmp_path) as cloud:
            await shop(cloud, rules=True)

            async def fail(*_: Any) -> None:
                raise RuntimeError("secret")

            monkeypatch.setattr(cloud.running.cloud.catalog, "origin_rules", lambda _service: fail)
            answer = await call(cloud, "GET", "/bucket/key", origin=GOOD)
            assert (answer.status, b"InternalError" in answer.body, b"secret" in answer.body) == (500, True, False)

    run(work())


def test_a_page_may_stream_what_a_rule_lets_it_put(tmp_path: Path) -> None:
    async def work() -> None:
        async with Started(tmp_path) as cloud:
            await shop(cloud, rules=True)
            data = bytes(range(256)) * 1_000
            assert (await call(cloud, "PUT", "/bucket/big", data, origin=GOOD)).status == 200
            assert (await call(cloud, "GET", "/bucket/big")).body == data
            client = await cloud.client()
            lines = {**signed_for_s3("PUT", "/bucket/no", expect="100-continue"), "origin": EVIL}
            head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
            client.send(f"PUT /bucket/no HTTP/1.1\r\n{head}content-length: {len(data)}\r\n\r\n")
            assert (await client.answer()).status == 403, "and its body is not asked for"

    run(work())
