"""The rows of keys and secrets time real work: they are tried on this cloud, and on one that only pretends."""

from __future__ import annotations

import base64
import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from benchmarks import keys
from benchmarks.keys import is_signed, plaintext
from benchmarks.measure import timed
from benchmarks.replay import Load
from benchmarks.rows import Row, WrongAnswer
from benchmarks.servers import Kind, Server, fogstead

LOAD = Load(seconds=0.2)
PUBLIC = ec.generate_private_key(ec.SECP256R1())


def row(name: str) -> Row:
    """By its name."""
    return next(each for each in keys.ROWS if each.name == name)


def encoded(data: bytes) -> str:
    """As JSON has it."""
    return base64.b64encode(data).decode()


def signature(message: bytes) -> bytes:
    """With the key that the pretender shows."""
    return PUBLIC.sign(message, ec.ECDSA(hashes.SHA256()))


PUBLIC_BYTES = PUBLIC.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
PRETENDED: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "CreateKey": lambda _: {"KeyMetadata": {"KeyId": "k"}},
    "Encrypt": lambda given: {"CiphertextBlob": given["Plaintext"]},
    "Decrypt": lambda _: {"Plaintext": encoded(b"anything")},
    "GenerateDataKey": lambda _: {"Plaintext": encoded(bytes(32)), "CiphertextBlob": encoded(b"sealed")},
    "CreateSecret": lambda _: {},
    "GetSecretValue": lambda _: {"SecretString": "not told"},
    "PutParameter": lambda _: {},
    "GetParameter": lambda _: {"Parameter": {"Value": "sealed"}},
    "GetPublicKey": lambda _: {"PublicKey": encoded(PUBLIC_BYTES)},
    "Sign": lambda _: {"Signature": encoded(signature(b"something else"))},
}


class Pretender(BaseHTTPRequestHandler):
    """Answers in the right form, and hides nothing."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        given = json.loads(self.rfile.read(int(self.headers["content-length"])))
        body = json.dumps(PRETENDED[self.headers["x-amz-target"].partition(".")[2]](given)).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def pretender(tmp_path: Path) -> Iterator[Server]:
    """Listens in this process."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Pretender) as listener, ExitStack() as ends:
        threading.Thread(target=listener.serve_forever, daemon=True).start()
        ends.callback(listener.shutdown)
        yield Server(Kind("pretender", lambda _port, _data: []), data=tmp_path, port=listener.server_port)


@pytest.mark.skipif(not os.path.exists("/proc/self/smaps_rollup"), reason="needs Linux's /proc")
def test_this_cloud_gets_figures() -> None:
    server = Server(fogstead()).start()
    try:
        samples = [timed(server, each, LOAD) for each in keys.ROWS]
    finally:
        server.stop()
    assert [sample.get("failed") for sample in samples] == [None] * len(keys.ROWS)
    assert all(sample["failures"] == 0 and sample["cpu_us"] > 0 for sample in samples)


@pytest.mark.parametrize("name", [each.name for each in keys.ROWS])
def test_who_only_pretends_gets_none(pretender: Server, name: str) -> None:
    work = row(name).prepare(pretender, LOAD)
    with pytest.raises(WrongAnswer):
        work.first()


@pytest.mark.parametrize(
    ("name", "opened"),
    [
        ("encrypt", lambda given: {"Plaintext": given["CiphertextBlob"]}),
        ("data-key", lambda _: {"Plaintext": encoded(bytes(32))}),
    ],
    ids=["texts lie open", "all data keys are one"],
)
def test_what_opens_without_having_been_hidden_gets_none(
    pretender: Server, monkeypatch: pytest.MonkeyPatch, name: str, opened: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    monkeypatch.setitem(PRETENDED, "Decrypt", opened)
    with pytest.raises(WrongAnswer):
        row(name).prepare(pretender, LOAD).first()


def test_signatures_are_checked_here() -> None:
    good = signature(plaintext(0))
    assert is_signed(PUBLIC_BYTES, good, plaintext(0))
    assert not is_signed(PUBLIC_BYTES, good, plaintext(1))
    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    assert not is_signed(other.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo), good, plaintext(0))
