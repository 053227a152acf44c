"""Documents of other servers: only over TLS, only from servers that are trusted, small and soon."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from fogstead.primitives.network import documents
from fogstead.primitives.network.documents import DOCUMENT_BYTES_MAX, NotThere, Unreachable, Untrusted, fetch
from tls_server import TlsServer, identity

AUTHORITY = identity("A private authority", authority=True)
SERVER = identity("server", signed_by=AUTHORITY)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[TlsServer]:
    with TlsServer(tmp_path, SERVER, AUTHORITY) as running:
        running.pages["/keys"] = b"the keys"
        yield running


def got(url: str, *thumbprints: str) -> bytes:
    return asyncio.run(fetch(url, thumbprints))


def test_a_server_is_trusted_by_the_thumbprint_of_its_authority(server: TlsServer) -> None:
    assert got(f"{server.url}/keys", "0" * 40, AUTHORITY.thumbprint.upper()) == b"the keys"


def test_a_server_is_trusted_by_the_thumbprint_of_its_own_certificate(tmp_path: Path) -> None:
    alone = identity("server")
    with TlsServer(tmp_path, alone) as server:
        server.pages["/"] = b"root"
        assert got(server.url, alone.thumbprint) == b"root"


def test_a_server_is_trusted_by_the_systems_authorities(
    server: TlsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = tmp_path / "authorities.pem"
    bundle.write_bytes(AUTHORITY.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    assert got(f"{server.url}/keys") == b"the keys"


@pytest.mark.parametrize("thumbprints", [(), ("0" * 40,)])
def test_any_other_server_is_not_asked_for_anything(server: TlsServer, thumbprints: tuple[str, ...]) -> None:
    with pytest.raises(Untrusted):
        got(f"{server.url}/keys", *thumbprints)
    assert server.asked == []


def test_a_chain_in_which_a_known_certificate_merely_lies_is_not_trusted(tmp_path: Path) -> None:
    impostor = identity("server", signed_by=identity("Somebody", authority=True))
    with TlsServer(tmp_path, impostor, AUTHORITY) as server, pytest.raises(Untrusted):
        got(server.url, AUTHORITY.thumbprint)
    assert server.asked == []


def test_a_certificate_for_another_name_is_not_trusted(tmp_path: Path) -> None:
    elsewhere = identity("server", signed_by=AUTHORITY, host="elsewhere.example.com")
    with TlsServer(tmp_path, elsewhere, AUTHORITY) as server, pytest.raises(Untrusted):
        got(server.url, AUTHORITY.thumbprint)
    assert server.asked == []


@pytest.mark.parametrize(
    ("page", "error"),
    [
        ((302, {"Location": "/keys"}, b""), NotThere),
        ((404, {}, b"none"), NotThere),
        (b"x" * (DOCUMENT_BYTES_MAX + 1), NotThere),
        ((200, {"Content-Length": ""}, b"x" * (DOCUMENT_BYTES_MAX + 1)), NotThere),
        ((200, {"Content-Length": "many"}, b""), Unreachable),
        ((200, {"Content-Length": "9"}, b"short"), Unreachable),
        ((200, {"X-Long": "x" * 40_000}, b""), Unreachable),
        ((200, {"Content-Length": "", "Transfer-Encoding": "chunked"}, b"zz\r\n"), Unreachable),
        ((200, {"Content-Length": "", "Transfer-Encoding": "chunked"}, b"ffffff\r\n"), NotThere),
    ],
)
def test_what_is_no_small_document_is_refused(
    server: TlsServer, page: tuple[int, dict[str, str], bytes] | bytes, error: type[Exception]
) -> None:
    server.pages["/page"] = page
    with pytest.raises(error):
        got(f"{server.url}/page", AUTHORITY.thumbprint)
    assert server.asked == ["/page"]


@pytest.mark.parametrize(
    "page",
    [
        (200, {"Content-Length": ""}, b"the keys"),
        (200, {"Content-Length": "", "Transfer-Encoding": "chunked"}, b"3\r\nthe\r\n5;x=y\r\n keys\r\n0\r\n\r\n"),
    ],
)
def test_a_document_may_come_without_its_length(server: TlsServer, page: tuple[int, dict[str, str], bytes]) -> None:
    server.pages["/page?of=keys"] = page
    assert got(f"{server.url}/page?of=keys", AUTHORITY.thumbprint) == b"the keys"


@pytest.mark.parametrize(
    "url",
    ["http://localhost/keys", "https:///keys", "https://localhost:port/", "https://local host/", "https://.x/", "keys"],
)
def test_what_is_no_https_url_is_not_fetched(url: str) -> None:
    with pytest.raises((NotThere, Unreachable)):
        got(url)


def test_nobody_waits_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "SECONDS_MAX", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(Unreachable):
        got(f"https://localhost:{silent.getsockname()[1]}/")
