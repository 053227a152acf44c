"""Small documents fetched over HTTPS from servers that others have named, such as the keys of an identity provider.

A server is trusted by the system's authorities, or by a certificate of its chain whose SHA-1 the caller knows: the
connection is then made again with that certificate as its only authority, so that a chain in which it merely lies does
not pass. Nothing is followed elsewhere, and size and time have limits.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import ssl
from collections.abc import Callable, Collection
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

DOCUMENT_BYTES_MAX: Final = 256 * 1024
SECONDS_MAX: Final = 5.0
_HEAD_BYTES_MAX: Final = 32 * 1024
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")


class Unreachable(Exception):
    """No answer came in time, or none that is HTTP."""


class Untrusted(Exception):
    """The server shows no certificate that it is trusted by."""


class NotThere(Exception):
    """The answer is another than 200, or longer than it may be."""


async def fetch(url: str, thumbprints: Collection[str] = ()) -> bytes:
    """The document at an `https` URL; Unreachable, Untrusted or NotThere. Thumbprints are SHA-1 in hexadecimal."""
    try:
        parts = urlsplit(url)
        port = parts.port or 443
        if parts.scheme != "https" or not parts.hostname or " " in url:
            raise NotThere(url)
        async with asyncio.timeout(SECONDS_MAX):
            try:
                return await _get(parts, port, ssl.create_default_context())
            except ssl.SSLCertVerificationError:
                authority = await _find_known(parts.hostname, port, {one.lower() for one in thumbprints})
                return await _get(parts, port, _trusting(authority))
    except ssl.SSLCertVerificationError as error:
        raise Untrusted(error.verify_message) from None
    except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        raise Unreachable(f"{url}: {error}") from None
    except ValueError:  # a host or port that cannot be one
        raise NotThere(url) from None


def _trusting(authority: bytes) -> ssl.SSLContext:
    """A context for which this certificate, in DER, is all there is to trust, be it an authority's or the server's."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=authority)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


async def _find_known(host: str, port: int, thumbprints: Collection[str]) -> bytes:
    """The certificate of the chain that is known; nothing but the chain is asked of this connection."""
    if not thumbprints:
        raise Untrusted(host)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    _, writer = await asyncio.open_connection(host, port, ssl=context)
    try:
        chain = _chain(writer.get_extra_info("ssl_object"))
    finally:
        writer.close()
    for certificate in chain:
        if hashlib.sha1(certificate).hexdigest() in thumbprints:
            return certificate
    raise Untrusted(host)


def _chain(tls: Any) -> list[bytes]:
    """The certificates that the server sent, in DER."""
    # Public from Python 3.13 on; before that the same function stands on the inner object.
    public: Callable[[], list[bytes]] | None = getattr(tls, "get_unverified_chain", None)
    if public is not None:
        return public()
    return [ssl.PEM_cert_to_DER_cert(one.public_bytes()) for one in tls._sslobj.get_unverified_chain()]


async def _get(parts: SplitResult, port: int, context: ssl.SSLContext) -> bytes:
    reader, writer = await asyncio.open_connection(parts.hostname, port, ssl=context, limit=_HEAD_BYTES_MAX)
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        lines = (
            f"GET {path} HTTP/1.1",
            f"Host: {parts.netloc.rpartition('@')[2]}",
            "Accept: application/json",
            "Accept-Encoding: identity",
            "User-Agent: fogstead",
            "Connection: close",
        )
        writer.write("".join(f"{line}\r\n" for line in (*lines, "")).encode("ascii"))
        return await _read(reader, parts.geturl())
    finally:
        writer.close()


async def _read(reader: asyncio.StreamReader, url: str) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    status, *fields = head.split(b"\r\n")
    match = _STATUS.match(status)
    if match is None:
        raise Unreachable(url)
    if match[1] != b"200":
        raise NotThere(f"{url}: {match[1].decode('ascii')}")
    headers = {name.strip().lower(): value.strip() for name, _, value in (field.partition(b":") for field in fields)}
    if b"chunked" in headers.get(b"transfer-encoding", b"").lower():
        return await _read_chunks(reader, url)
    length = headers.get(b"content-length", b"")
    if length and not length.isdigit():
        raise Unreachable(url)
    if length:
        return await reader.readexactly(_allowed(int(length), url))
    return await _read_to_end(reader, url)


async def _read_chunks(reader: asyncio.StreamReader, url: str) -> bytes:
    body = b""
    while True:
        line = await reader.readuntil(b"\r\n")
        try:
            size = int(line.partition(b";")[0].strip(), 16)
        except ValueError:
            raise Unreachable(url) from None
        if size <= 0:
            return body
        body += await reader.readexactly(_allowed(len(body) + size, url) - len(body))
        await reader.readexactly(2)


async def _read_to_end(reader: asyncio.StreamReader, url: str) -> bytes:
    body = b""
    while piece := await reader.read(_HEAD_BYTES_MAX):
        body += piece
        _allowed(len(body), url)
    return body


def _allowed(size: int, url: str) -> int:
    if size > DOCUMENT_BYTES_MAX:
        raise NotThere(f"{url}: more than {DOCUMENT_BYTES_MAX} bytes")
    return size
