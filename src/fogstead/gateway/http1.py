"""HTTP/1.1 heads and chunked bodies, read strictly: what two readers could understand differently is refused.

No recovery from sloppy senders: bare line feeds, folded headers, spaces before a colon, two lengths, a length beside
chunks. Each refusal says which status it deserves; after one the connection is closed, for its bytes mean nothing more.
"""

from __future__ import annotations

import re
from typing import Final

HEAD_BYTES_MAX: Final = 64 * 1024
TARGET_BYTES_MAX: Final = 32 * 1024
HEADERS_MAX: Final = 128
CHUNK_LINE_MAX: Final = 256
TRAILER_BYTES_MAX: Final = 8 * 1024

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")
_ALLOWED = bytes(code for code in range(256) if code in b"\t\r\n" or (code >= 0x20 and code != 0x7F))
_BAD_TARGET = re.compile(r"[\x00-\x20\x7f]")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})(?:;[\t\x20-\x7e\x80-\xff]*)?\Z")
_TRAILER = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*\Z")
_DIGITS = re.compile(r"\d{1,18}\Z", re.ASCII)


class BadRequest(Exception):
    """These bytes are not HTTP as it has to be; `status` is the answer before the connection closes."""

    def __init__(self, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self.status = status


class Head:
    """A request's line and headers. Names are lower case; repeated headers are joined by commas."""

    __slots__ = (
        "chunked",
        "content_length",
        "expects",
        "headers",
        "keep_alive",
        "method",
        "minor",
        "path",
        "query",
        "target",
    )

    def __init__(self, method: str, target: str, headers: dict[str, str], *, minor: int) -> None:
        self.method = method
        self.target = target
        self.headers = headers
        self.minor = minor
        self.path, _, self.query = target.partition("?")
        self.content_length, self.chunked = _framing(headers, minor)
        self.keep_alive = _keeps_alive(headers.get("connection"), minor)
        self.expects = headers.get("expect", "").lower() if minor else ""

    @property
    def has_body(self) -> bool:
        """Whether bytes follow the head."""
        return self.chunked or self.content_length > 0


def parse_head(raw: bytes) -> Head:
    """A head without its closing empty line; BadRequest for anything that could be read in two ways."""
    text = raw.decode("latin-1")
    lines = text.split("\r\n")
    method, target, minor = _request_line(lines[0])
    if len(lines) > HEADERS_MAX + 1:
        raise BadRequest("too many headers", 431)
    ends = len(lines) - 1
    if raw.translate(None, _ALLOWED) or text.count("\r") != ends or text.count("\n") != ends:
        raise BadRequest("the head holds a control character")
    headers: dict[str, str] = {}
    for line in lines[1:]:
        written, colon, value = line.partition(":")
        name = _names.get(written) or _learn(written)
        if not colon:
            raise BadRequest("a header line is malformed")
        if name in headers:
            value = _repeated(name, headers[name], value.strip(" \t"))
        headers[name] = value.strip(" \t")
    if minor and "host" not in headers:
        raise BadRequest("a request needs a Host header")
    return Head(method, target, headers, minor=minor)


_names: dict[str, str] = {}
_NAMES_MAX = 1024
_ONCE = frozenset({"host", "content-length", "transfer-encoding", "authorization", "content-type"})


def _learn(written: str) -> str:
    """A header's name in lower case, remembered as clients write it; BadRequest when it is no token."""
    if _TOKEN.match(written) is None:
        raise BadRequest("a header line is malformed")
    name = written.lower()
    if len(_names) < _NAMES_MAX:
        _names[written] = name
    return name


def _repeated(name: str, known: str, value: str) -> str:
    if name in _ONCE:
        raise BadRequest(f"the header {name} appears twice")
    return f"{known},{value}"


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"})


def _request_line(line: str) -> tuple[str, str, int]:
    parts = line.split(" ")
    if len(parts) != 3 or (parts[0] not in _METHODS and _TOKEN.match(parts[0]) is None):
        raise BadRequest("the request line is malformed")
    method, target, version = parts
    if version not in {"HTTP/1.1", "HTTP/1.0"}:
        raise BadRequest("only HTTP/1.1 and HTTP/1.0 are spoken here", 505)
    if len(target) > TARGET_BYTES_MAX:
        raise BadRequest("the request target is too long", 414)
    if not target or _BAD_TARGET.search(target):
        raise BadRequest("the request target is malformed")
    if not target.isascii():
        try:
            target = target.encode("latin-1").decode("utf-8")
        except UnicodeDecodeError:
            raise BadRequest("the request target is not UTF-8") from None
    return method, target, int(version[-1])


def _framing(headers: dict[str, str], minor: int) -> tuple[int, bool]:
    coding = headers.get("transfer-encoding")
    length = headers.get("content-length")
    if coding is not None:
        if length is not None or minor == 0:
            raise BadRequest("the body's length is ambiguous")
        if coding.lower() != "chunked":
            raise BadRequest("only the chunked transfer coding is known", 501)
        return 0, True
    if length is None:
        return 0, False
    if _DIGITS.match(length) is None:
        raise BadRequest("the Content-Length is not a number")
    return int(length), False


def _keeps_alive(connection: str | None, minor: int) -> bool:
    if connection is None:
        return minor == 1
    options = {option.strip() for option in connection.lower().split(",")}
    return "close" not in options if minor == 1 else "keep-alive" in options


class ChunkedReader:
    """Takes the chunks' framing off a body as it arrives."""

    __slots__ = ("_buffer", "_left", "_state", "_trailer_bytes")

    def __init__(self) -> None:
        self._buffer = b""
        self._left = 0
        self._state = "size"
        self._trailer_bytes = 0

    def feed(self, data: bytes) -> tuple[bytes, bytes | None]:
        """The body's bytes in `data`, and what follows the body once it has ended (None before that)."""
        data = self._buffer + data if self._buffer else data
        self._buffer = b""
        out: list[bytes] = []
        at = 0
        while True:
            if self._state == "data":
                piece = data[at : at + self._left]
                out.append(piece)
                at += len(piece)
                self._left -= len(piece)
                if self._left:
                    return b"".join(out), None
                self._state = "end"
            line, at = self._line(data, at)
            if line is None:
                return b"".join(out), None
            if self._take_line(line):
                return b"".join(out), data[at:]

    def _line(self, data: bytes, at: int) -> tuple[bytes | None, int]:
        end = data.find(b"\n", at)
        limit = TRAILER_BYTES_MAX if self._state == "trailer" else CHUNK_LINE_MAX
        if (end if end >= 0 else len(data)) - at > limit:
            raise BadRequest("a chunk's line is too long")
        if end < 0:
            self._buffer = data[at:]
            return None, at
        if end == at or data[end - 1] != 0x0D:
            raise BadRequest("a chunk's line ends without a carriage return")
        return data[at : end - 1], end + 1

    def _take_line(self, line: bytes) -> bool:
        """Follow one line of framing; True at the body's end."""
        if self._state == "end":
            if line:
                raise BadRequest("a chunk is longer than it says")
            self._state = "size"
        elif self._state == "size":
            match = _CHUNK_SIZE.match(line)
            if match is None:
                raise BadRequest("a chunk's size is malformed")
            self._left = int(match[1], 16)
            self._state = "data" if self._left else "trailer"
        else:
            self._trailer_bytes += len(line)
            if self._trailer_bytes > TRAILER_BYTES_MAX:
                raise BadRequest("the trailers are too long", 431)
            if line and _TRAILER.match(line) is None:
                raise BadRequest("a trailer line is malformed")
            return not line
        return False


STATUS_LINES: Final = {
    status: f"HTTP/1.1 {status} {reason}\r\n"
    for status, reason in {
        100: "Continue", 101: "Switching Protocols", 200: "OK", 201: "Created", 202: "Accepted", 204: "No Content",
        206: "Partial Content", 301: "Moved Permanently", 302: "Found", 303: "See Other", 304: "Not Modified",
        307: "Temporary Redirect", 308: "Permanent Redirect", 400: "Bad Request", 401: "Unauthorized",
        403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 408: "Request Timeout", 409: "Conflict",
        411: "Length Required", 412: "Precondition Failed", 413: "Content Too Large", 414: "URI Too Long",
        416: "Range Not Satisfiable", 417: "Expectation Failed", 421: "Misdirected Request", 424: "Failed Dependency",
        429: "Too Many Requests", 431: "Request Header Fields Too Large", 500: "Internal Server Error",
        501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout",
        505: "HTTP Version Not Supported", 507: "Insufficient Storage",
    }.items()
}  # fmt: skip


def status_line(status: int) -> str:
    """The first line of an answer."""
    return STATUS_LINES.get(status) or f"HTTP/1.1 {status} Status\r\n"


def without_empty_lines(data: bytes) -> bytes:
    """Some clients end a body with a line end that belongs to nothing."""
    at = 0
    while data.startswith(b"\r\n", at):
        at += 2
    return data[at:]
