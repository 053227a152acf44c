"""The bodies of S3's requests: plain, or in signed or unsigned chunks of the `aws-chunked` coding, with trailers.

Source: S3 API reference, "Signature calculations for the Authorization header: transferring payload in multiple chunks"
and "... including trailing headers".
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Final, Protocol

from fogstead.gateway.exchanges import Disconnected, Exchange
from fogstead.gateway.signature import (
    EMPTY_HASH,
    SIGNED_CHUNKS,
    SIGNED_TRAILERS,
    STREAMING,
    UNSIGNED_CHUNKS,
    Claim,
    ContentHashMismatch,
    SignatureMismatch,
)
from fogstead.kernel.bodies import Incoming
from fogstead.kernel.errors import NotImplementedHere, declare

CHUNK_BYTES_MIN: Final = 8192
_LINE_MAX: Final = 1024
_TRAILERS_MAX: Final = 8 * 1024
_HEX_64 = re.compile(r"[0-9a-f]{64}\Z")
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})(?:;chunk-signature=([0-9a-f]{64}))?\Z")
_DIGITS = re.compile(r"\d{1,18}\Z", re.ASCII)

IncompleteBody = declare(
    "IncompleteBody",
    "IncompleteBody",
    "You did not provide the number of bytes specified by the Content-Length HTTP header",
)
MalformedTrailer = declare(
    "MalformedTrailer",
    "MalformedTrailerError",
    "The request contained trailing data that was not well-formed or did not conform to our published schema.",
)
MissingContentLength = declare(
    "MissingContentLength", "MissingContentLength", "You must provide the Content-Length HTTP header.", 411
)
InvalidChunkSize = declare(
    "InvalidChunkSize",
    "InvalidChunkSizeError",
    "Only the last chunk is allowed to have a size less than 8192 bytes",
    403,
)


class ChunkSigner:
    """The chain of signatures over a body's chunks: each one covers the one before."""

    def __init__(self, key: bytes, claim: Claim) -> None:
        self._key = key
        self._claim = claim
        self._previous = claim.signature

    def check_chunk(self, digest: str, signature: str) -> None:
        """SignatureMismatch unless the key's holder signed this chunk, in this place."""
        self._check("AWS4-HMAC-SHA256-PAYLOAD", f"{EMPTY_HASH}\n{digest}", signature)

    def check_trailers(self, trailers: Mapping[str, str], signature: str) -> None:
        """SignatureMismatch unless the key's holder signed these trailers after all chunks."""
        lines = "".join(f"{name}:{value}\n" for name, value in sorted(trailers.items()))
        self._check("AWS4-HMAC-SHA256-TRAILER", hashlib.sha256(lines.encode("utf-8")).hexdigest(), signature)

    def _check(self, algorithm: str, hashed: str, signature: str) -> None:
        claim = self._claim
        text = f"{algorithm}\n{claim.amz_date}\n{claim.scope.text}\n{self._previous}\n{hashed}"
        expected = hmac.digest(self._key, text.encode("utf-8"), "sha256").hex()
        if not hmac.compare_digest(expected.encode("ascii"), signature.encode("utf-8", "replace")):
            raise SignatureMismatch
        self._previous = expected


class _Reader(Protocol):
    """Takes a coding off a body."""

    trailers: dict[str, str]

    def feed(self, data: bytes) -> Iterator[bytes]: ...
    def finish(self) -> None: ...


class ChunkReader:
    """Takes the chunks' framing off and checks what is signed. Bytes come out before their chunk is proved."""

    def __init__(
        self, *, signed: bool, signer: ChunkSigner | None, trailers_signed: bool, declared: frozenset[str]
    ) -> None:
        self.trailers: dict[str, str] = {}
        self._signed, self._signer, self._trailers_signed = signed, signer, trailers_signed
        self._declared = declared
        self._buffer = b""
        self._size = self._left = 0
        self._short = False
        self._state = "size"
        self._signature = ""
        self._hash = hashlib.sha256()
        self._trailer_bytes = 0
        self._trailer_signature = ""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The plain bytes in `data`."""
        if self._buffer:
            data, self._buffer = self._buffer + data, b""
        at = 0
        while at < len(data):
            if self._state == "data":
                piece = data[at : at + self._left]
                at += len(piece)
                self._left -= len(piece)
                if self._signer is not None:
                    self._hash.update(piece)
                yield piece
                if not self._left:
                    self._end_chunk()
                continue
            end = data.find(b"\n", at)
            if (end if end >= 0 else len(data)) - at > _LINE_MAX:
                raise IncompleteBody("A chunk's line is too long.")
            if end < 0:
                self._buffer = data[at:]
                return
            self._take_line(data[at:end].removesuffix(b"\r"))
            at = end + 1

    def _take_line(self, line: bytes) -> None:
        if self._state == "after":
            if line:
                raise IncompleteBody("A chunk is longer than it says.")
            self._state = "size"
        elif self._state == "size":
            self._begin_chunk(line)
        elif self._state == "trailers":
            self._take_trailer(line)
        else:
            raise IncompleteBody("There is more than the chunks.")

    def _begin_chunk(self, line: bytes) -> None:
        match = _SIZE.match(line)
        if match is None or (self._signed and match[2] is None):
            raise IncompleteBody("A chunk's size is malformed.")
        if self._signed and 0 < self._size < CHUNK_BYTES_MIN:
            self._short = True
        self._size = self._left = int(match[1], 16)
        if self._short and self._left:
            raise InvalidChunkSize
        self._signature = match[2].decode("ascii") if match[2] else ""
        if self._left:
            self._state = "data"
        else:
            self._end_chunk()
            self._state = "trailers"

    def _end_chunk(self) -> None:
        self._state = "after"
        if self._signer is not None:
            self._signer.check_chunk(self._hash.hexdigest(), self._signature)
            self._hash = hashlib.sha256()

    def _take_trailer(self, line: bytes) -> None:
        self._trailer_bytes += len(line)
        if self._trailer_bytes > _TRAILERS_MAX:
            raise MalformedTrailer
        if not line:
            if not self.trailers or self._trailer_signature or not self._trailers_signed:
                self._state = "end"
            return
        name, colon, value = line.decode("latin-1").partition(":")
        name = name.strip().lower()
        if not colon or not name:
            raise MalformedTrailer
        if name == "x-amz-trailer-signature":
            self._trailer_signature = value.strip()
        else:
            self.trailers[name] = value.strip()

    def finish(self) -> None:
        """IncompleteBody unless the last chunk came; MalformedTrailer or SignatureMismatch for its trailers."""
        if self._state not in {"end", "trailers"} or self._buffer:
            raise IncompleteBody
        if not self._declared <= self.trailers.keys():
            raise MalformedTrailer
        if self._trailers_signed and self._signer is not None:
            self._signer.check_trailers(self.trailers, self._trailer_signature)


class PlainReader:
    """A body as it is; its hash is checked where the head says it."""

    def __init__(self, declared_hash: str) -> None:
        self.trailers: dict[str, str] = {}
        self._declared = declared_hash
        self._hash = hashlib.sha256() if declared_hash else None

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The very bytes."""
        if self._hash is not None:
            self._hash.update(data)
        yield data

    def finish(self) -> None:
        """ContentHashMismatch when it was another body that was signed."""
        if self._hash is not None and self._hash.hexdigest() != self._declared:
            raise ContentHashMismatch


def incoming_of(exchange: Exchange, claim: Claim | None, key: bytes | None) -> Incoming:
    """The request's body without its coding. `key` signs its chunks; None where nothing is checked."""
    head = exchange.head
    kind = head.headers.get("x-amz-content-sha256", "")
    if kind in (UNSIGNED_CHUNKS, SIGNED_CHUNKS, SIGNED_TRAILERS):
        return _chunked(exchange, kind, claim, key)
    if kind.startswith(STREAMING):
        raise NotImplementedHere(f"Bodies of the form {kind[:64]} are not implemented by this cloud.")
    if head.chunked:
        raise NotImplementedHere(
            "A header you provided implies functionality that is not implemented: Transfer-Encoding"
        )
    if "content-length" not in head.headers:
        raise MissingContentLength
    if exchange.stream is None:
        return Incoming(data=exchange.body, size=len(exchange.body))  # its hash was checked with the signature
    reader = PlainReader(kind if _HEX_64.match(kind) and key is not None else "")
    return _streamed(exchange, reader, head.content_length)


def _chunked(exchange: Exchange, kind: str, claim: Claim | None, key: bytes | None) -> Incoming:
    headers = exchange.head.headers
    decoded = headers.get("x-amz-decoded-content-length", "")
    if _DIGITS.match(decoded) is None:
        raise MissingContentLength
    signed = kind != UNSIGNED_CHUNKS
    signer = ChunkSigner(key, claim) if signed and key is not None and claim is not None else None
    declared = frozenset(name.strip().lower() for name in headers.get("x-amz-trailer", "").split(",") if name.strip())
    reader = ChunkReader(signed=signed, signer=signer, trailers_signed=kind == SIGNED_TRAILERS, declared=declared)
    size = int(decoded)
    if exchange.stream is not None:
        return _streamed(exchange, reader, size, declared)
    data = b"".join(reader.feed(exchange.body))
    reader.finish()
    if len(data) != size:
        raise IncompleteBody
    return Incoming(data, None, size, reader.trailers, declared)


def _streamed(exchange: Exchange, reader: _Reader, size: int, declared: frozenset[str] = frozenset()) -> Incoming:
    return Incoming(None, _Decoded(exchange, reader, size), size, reader.trailers, declared)


class _Decoded:
    """A streamed body without its coding; it must be as long as its sender said."""

    def __init__(self, exchange: Exchange, reader: _Reader, size: int) -> None:
        self._exchange, self._reader, self._size = exchange, reader, size

    async def __aiter__(self) -> AsyncIterator[bytes]:
        seen = 0
        assert self._exchange.stream is not None
        try:
            async for data in self._exchange.stream:
                for piece in self._reader.feed(data):
                    seen += len(piece)
                    if seen > self._size:
                        raise IncompleteBody
                    yield piece
        except Disconnected:
            raise IncompleteBody from None
        self._reader.finish()
        if seen != self._size:
            raise IncompleteBody


async def until_gone(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The pieces; IncompleteBody when their sender goes away before the last."""
    try:
        async for piece in pieces:
            yield piece
    except Disconnected:
        raise IncompleteBody from None


def without_aws_chunked(headers: dict[str, str]) -> None:
    """The coding is taken off with the body: what is left of Content-Encoding is the object's own."""
    coding = headers.get("content-encoding")
    if coding is None or "aws-chunked" not in coding.lower():
        return
    left = [part.strip() for part in coding.split(",") if part.strip().lower() not in {"", "aws-chunked"}]
    if left:
        headers["content-encoding"] = ",".join(left)
    else:
        del headers["content-encoding"]
