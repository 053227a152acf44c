"""The digests that a request's head promises of its gathered body, checked before anybody reads it.

Source: S3 User Guide, "Checking object integrity"; the models mark the operations (`httpChecksum`). Streamed bodies are
the services' own to check, for their digests are kept.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping

from fogstead.kernel.errors import declare
from fogstead.model import Operation
from fogstead.primitives.checksums import DIGEST_BYTES, HEADERS, start

InvalidDigest = declare("InvalidDigest", "InvalidDigest", "The Content-MD5 you specified was invalid.")
BadDigest = declare("BadDigest", "BadDigest", "The Content-MD5 you specified did not match what we received.")
InvalidChecksum = declare("InvalidChecksum", "InvalidRequest", "The value of a checksum header is invalid.")
MissingDigest = declare(
    "MissingDigest", "InvalidRequest", "Missing required header for this request: Content-MD5 OR x-amz-checksum-*"
)


def check_body(operation: Operation, headers: Mapping[str, str], body: bytes) -> None:
    """BadDigest when a body is not the one that was promised; MissingDigest where a promise is required."""
    if not operation.data.get("httpChecksum") or operation.streams_input:
        return
    promised = False
    if "content-md5" in headers:
        promised = True
        wanted = _decoded(headers["content-md5"])
        if len(wanted) != DIGEST_BYTES["MD5"]:
            raise InvalidDigest(**{"Content-MD5": headers["content-md5"]})
        if not hmac.compare_digest(wanted, hashlib.md5(body, usedforsecurity=False).digest()):
            raise BadDigest
    for algorithm, header in HEADERS.items():
        if header in headers:
            promised = True
            _check(algorithm, header, headers[header], body)
    if not promised and operation.data.get("digestRequired"):
        raise MissingDigest


def _check(algorithm: str, header: str, text: str, body: bytes) -> None:
    wanted = _decoded(text)
    if len(wanted) != DIGEST_BYTES[algorithm]:
        raise InvalidChecksum(f"Value for {header} header is invalid.")
    running = start(algorithm)
    running.update(body)
    if not hmac.compare_digest(wanted, running.digest()):
        raise BadDigest(f"The {algorithm} you specified did not match the calculated checksum.")


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
