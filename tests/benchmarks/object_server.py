"""A small store of objects, in a process of its own. It is honest unless a second argument gives it a fault.

object_server.py PORT [forgetful | tired | plain]
"""

from __future__ import annotations

import hashlib
import itertools
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

FAULT = sys.argv[2] if len(sys.argv) > 2 else ""
GOOD_ANSWERS = 20  # of the tired one, before it refuses two of three
objects: dict[str, bytes] = {}
etags: dict[str, str] = {}
answers = itertools.count(1)


class Objects(BaseHTTPRequestHandler):
    """PUT, GET with ranges, lists, uploads in parts."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        """Send it."""
        if FAULT == "tired" and (number := next(answers)) > GOOD_ANSWERS and number % 3:
            status, body = 503, b"<Error><Code>SlowDown</Code><Message>Later.</Message></Error>"
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def parts(self) -> tuple[str, dict[str, list[str]]]:
        """Path and query."""
        target = urlsplit(self.path)
        return target.path, parse_qs(target.query, keep_blank_values=True)

    def do_PUT(self) -> None:
        path, query = self.parts()
        body = self.rfile.read(int(self.headers["content-length"]))
        name = f"{path}#{query['partNumber'][0]}" if "partNumber" in query else path
        if FAULT == "plain":
            Path("kept").write_bytes(body)
        objects[name] = body[::-1] if FAULT == "forgetful" else body
        etags[name] = f'"{hashlib.md5(body).hexdigest()}"'
        self.answer(200, ETag=etags[name])

    def do_POST(self) -> None:
        path, query = self.parts()
        document = self.rfile.read(int(self.headers["content-length"])).decode()
        if path == "/":
            self.answer(200, b"<Arn>arn:aws:iam::000000000000:root</Arn>")
            return
        if "uploads" in query:
            self.answer(200, b"<UploadId>an/upload</UploadId>")
            return
        numbers = re.findall(r"<PartNumber>(\d+)<", document)
        assert re.findall(r"<ETag>([^<]+)<", document) == [etags[f"{path}#{number}"] for number in numbers]
        whole = [objects.pop(f"{path}#{number}") for number in numbers]
        objects[path] = b"".join(whole)
        digest = hashlib.md5(b"".join(hashlib.md5(part).digest() for part in whole)).hexdigest()
        self.answer(200, f"<ETag>{digest}-{len(whole)}</ETag>".encode())

    def do_GET(self) -> None:
        path, query = self.parts()
        if path == "/":
            self.answer(200, b"<ListAllMyBucketsResult/>")
        elif "list-type" in query:
            start, prefix = (query.get(name, [""])[0] for name in ("start-after", "prefix"))
            keys = sorted(name.rpartition("/")[2] for name in objects if name.startswith(f"{path}/"))
            page = [key for key in keys if key > start and key.startswith(prefix)][:1000]
            self.answer(200, "".join(f"<Contents><Key>{key}</Key></Contents>" for key in page).encode())
        elif path not in objects:
            self.answer(404, b"<Error><Code>NoSuchKey</Code><Message>There is none.</Message></Error>")
        elif wanted := re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("range", "")):
            first, last, size = int(wanted[1]), int(wanted[2]), len(objects[path])
            self.answer(206, objects[path][first : last + 1], Content_Range=f"bytes {first}-{last}/{size}")
        else:
            self.answer(200, objects[path])


class Listener(ThreadingHTTPServer):
    """Takes as many connections at once as a load makes."""

    request_queue_size = 128


if __name__ == "__main__":
    Listener(("127.0.0.1", int(sys.argv[1])), Objects).serve_forever()
