"""What may be found in a bucket after a kill.

For each key the contents that its last acknowledged change left, or those of the one change that was under way. Never a
part of anything.
"""

from __future__ import annotations

import hashlib
import random
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cloud import CloudProcess

KIB, MIB = 1024, 1024 * 1024
# Up to here a body lies in the record itself, above in a file of its own.
INLINE_BYTES_MAX = 16 * KIB
_BLOB = re.compile("[0-9a-f]{32}")
_MULTIPART = re.compile(r"-(\d+)$")

Content = str | None  # an MD5, or no object


def content(body: bytes) -> str:
    """What a body is known by."""
    return hashlib.md5(body).hexdigest()


@dataclass
class Ledger:
    """Several threads write, each its own keys. Under keys of KMS an ETag does not tell the content."""

    etags_tell: bool = True
    may: dict[str, set[Content]] = field(default_factory=dict)
    parts: dict[tuple[str, str], dict[int, str]] = field(default_factory=dict)
    acknowledged: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def changing(self, key: str, to: Content) -> Iterator[None]:
        """Around a change. If it raises, nobody knows whether it came to be."""
        before = self.may.get(key, {None})
        self.may[key] = before | {to}
        yield
        self.may[key] = {to}
        with self._lock:
            self.acknowledged += 1

    def part(self, key: str, upload: str, number: int, etag: str) -> None:
        """A part was acknowledged."""
        self.parts.setdefault((key, upload), {})[number] = etag.strip('"')
        with self._lock:
            self.acknowledged += 1

    def done(self, key: str, upload: str) -> None:
        """The end of an upload was asked for: from now on it need not be there."""
        self.parts.pop((key, upload), None)


class Bucket:
    """A bucket as it is found."""

    def __init__(self, cloud: CloudProcess, name: str) -> None:
        self._cloud, self.name = cloud, name
        self.s3 = cloud.client("s3")

    def listed(self) -> dict[str, tuple[int, str]]:
        """Size and ETag of every key."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.name)
        found = (one for page in pages for one in page.get("Contents", ()))
        return {one["Key"]: (one["Size"], one["ETag"].strip('"')) for one in found}

    def content(self, key: str) -> Content:
        """What is read at a key."""
        try:
            return content(self.s3.get_object(Bucket=self.name, Key=key)["Body"].read())
        except self.s3.exceptions.NoSuchKey:
            return None

    def check(self, ledger: Ledger) -> None:
        """Every key is whole, as the ledger says, and listed if it can be read; parts are where they were."""
        listed = self.listed()
        assert set(listed) <= set(ledger.may), "invented"
        for key, may in ledger.may.items():
            found = self.content(key)
            assert found in may, f"{key} is {found}, and not one of {may}"
            assert (found is not None) == (key in listed), key
            if ledger.etags_tell and found is not None and not _MULTIPART.search(listed[key][1]):
                assert listed[key][1] == found, key
            ledger.may[key] = {found}
        for (key, upload), parts in ledger.parts.items():
            answer = self.s3.list_parts(Bucket=self.name, Key=key, UploadId=upload)
            found = {one["PartNumber"]: one["ETag"].strip('"') for one in answer.get("Parts", ())}
            assert found.items() >= parts.items(), key

    def uploads(self) -> list[dict[str, Any]]:
        """Those under way."""
        pages = self.s3.get_paginator("list_multipart_uploads").paginate(Bucket=self.name)
        return [one for page in pages for one in page.get("Uploads", ())]

    def files_needed(self) -> int:
        """How many files its objects and uploads need at most: copies may share them."""
        objects = sum(
            int(parts[1]) if (parts := _MULTIPART.search(etag)) else size > INLINE_BYTES_MAX
            for size, etag in self.listed().values()
        )
        parts = 0
        for one in self.uploads():
            answer = self.s3.list_parts(Bucket=self.name, Key=one["Key"], UploadId=one["UploadId"])
            parts += sum(part["Size"] > INLINE_BYTES_MAX for part in answer.get("Parts", ()))
        return objects + parts

    def empty(self) -> None:
        """Delete what is there, abort what is under way."""
        for one in self.uploads():
            self.s3.abort_multipart_upload(Bucket=self.name, Key=one["Key"], UploadId=one["UploadId"])
        for key in self.listed():
            self.s3.delete_object(Bucket=self.name, Key=key)


def blob_files(cloud: CloudProcess) -> list[Path]:
    """The files of all zones that hold bodies."""
    return [path for path in cloud.data_dir.rglob("*") if _BLOB.fullmatch(path.name) and path.is_file()]


def sweep(cloud: CloudProcess) -> int:
    """Remove what no object needs; gives how many files those were."""
    return cloud.admin("POST", "/_fogstead/sweep", {"older_than_seconds": 0})["removed"]


def some_bytes(source: random.Random, low: int, high: int) -> bytes:
    """A body of some size."""
    return source.randbytes(source.randint(low, high))
