"""`multipart/form-data` as browsers send it: a few fields, then one file, which is read as it comes.

Source: RFC 7578 and RFC 2046. The fields before the file are bounded; what follows the file is dropped.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from email.message import Message
from typing import Final

from fogstead.gateway.exchanges import BodyStream
from fogstead.kernel.errors import declare

FIELDS_BYTES_MAX: Final = 20 * 1024
"""S3's own limit, of all that stands before the file: names, values and boundaries."""

_BOUNDARY = re.compile(rb"[0-9A-Za-z'()+_,\-./:=? ]{1,70}\Z")

MalformedForm = declare(
    "MalformedForm", "MalformedPOSTRequest", "The body of your POST request is not well-formed multipart/form-data."
)
WrongNumberOfFiles = declare(
    "WrongNumberOfFiles",
    "IncorrectNumberOfFilesInPostRequest",
    "POST requires exactly one file upload per request.",
)
FormTooLong = declare(
    "FormTooLong",
    "MaxPostPreDataLengthExceededError",
    "Your POST request fields preceding the upload file were too large.",
)


class Form:
    """The fields that came before the file, by their names in lower case, and the file's own name and type."""

    def __init__(self, stream: BodyStream, content_type: str) -> None:
        self.fields: dict[str, str] = {}
        self.file_name = ""
        self.file_type = ""
        self._stream = stream
        self._boundary = b"\r\n--" + _boundary_of(content_type)
        self._buffer = b"\r\n"  # so that the first boundary looks like the others
        self._left = FIELDS_BYTES_MAX

    async def read_fields(self) -> None:
        """Everything before the file. WrongNumberOfFiles when there is no file, FormTooLong when it does not come."""
        await self._take_until(self._boundary)
        while True:
            name, file_name, kind = await self._part_head()
            if name == "file":
                self.file_name, self.file_type = file_name, kind
                return
            value = await self._take_until(self._boundary)
            try:
                self.fields[name] = value.decode("utf-8")
            except UnicodeDecodeError:
                raise MalformedForm from None

    async def file(self) -> AsyncIterator[bytes]:
        """The file's bytes; what follows them is read and dropped."""
        boundary = self._boundary
        while True:
            end = self._buffer.find(boundary)
            if end >= 0:
                if end:
                    yield self._buffer[:end]
                self._buffer = b""
                async for _ in self._stream:
                    pass
                return
            safe = len(self._buffer) - len(boundary)
            if safe > 0:
                piece, self._buffer = self._buffer[:safe], self._buffer[safe:]
                yield piece
            await self._more()

    async def _part_head(self) -> tuple[str, str, str]:
        start = await self._take(2)
        if start == b"--":
            raise WrongNumberOfFiles  # the last boundary came before any file
        if start != b"\r\n":
            raise MalformedForm
        raw = await self._take_until(b"\r\n\r\n")
        name = file_name = kind = ""
        for line in raw.split(b"\r\n"):
            header, colon, value = line.decode("utf-8", "replace").partition(":")
            if not colon:
                raise MalformedForm
            if header.strip().lower() == "content-disposition":
                name, file_name = _disposition(value)
            elif header.strip().lower() == "content-type":
                kind = value.strip()
        if not name:
            raise MalformedForm
        return name.lower(), file_name, kind

    async def _take(self, size: int) -> bytes:
        while len(self._buffer) < size:
            await self._more()
        taken, self._buffer = self._buffer[:size], self._buffer[size:]
        return taken

    async def _take_until(self, mark: bytes) -> bytes:
        """What stands before `mark`, which is taken too."""
        while (end := self._buffer.find(mark)) < 0:
            if len(self._buffer) > self._left:
                raise FormTooLong
            await self._more()
        self._left -= end + len(mark)
        if self._left < 0:
            raise FormTooLong
        taken, self._buffer = self._buffer[:end], self._buffer[end + len(mark) :]
        return taken

    async def _more(self) -> None:
        data = await self._stream.read()
        if not data:
            raise MalformedForm
        self._buffer += data


def _boundary_of(content_type: str) -> bytes:
    message = Message()
    message["content-type"] = content_type
    boundary = str(message.get_param("boundary") or "").encode("utf-8")
    if _BOUNDARY.match(boundary) is None:
        raise MalformedForm
    return boundary


def _disposition(value: str) -> tuple[str, str]:
    """The names of a field and of its file; browsers write them between quotes and escape only the quote itself."""
    found = dict(re.findall(r';\s*([A-Za-z*]+)="((?:[^"\\]|\\.)*)"', value))
    bare = dict(re.findall(r";\s*([A-Za-z*]+)=([^\s;\"]+)", value))
    named = {**bare, **found}
    return _unescaped(named.get("name", "")), _unescaped(named.get("filename", ""))


def _unescaped(text: str) -> str:
    return text.replace('\\"', '"').replace("%22", '"')
