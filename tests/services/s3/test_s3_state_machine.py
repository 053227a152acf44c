"""A versioned bucket against a small model, with the cloud killed and restarted among the rules.

What was acknowledged is read back byte by byte, under its version, in listings and after a restart; what was refused
has changed nothing.
"""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    precondition,
    rule,
)

from cloud import CloudProcess
from machines import CloudMachine, run

from .object_calls import (
    PART_BYTES_MIN,
    complete,
    etag_of,
    etag_of_parts,
    filled,
    put,
    refused,
    send_part,
    set_versioning,
    start_upload,
)

KEYS = ["a", "a/b", "a/b/c", "b ü", "z"]
SIZES = [0, 1, 1000, 16_384, 16_385, 300_000]
NOT_THERE = '"00000000000000000000000000000000"'

_accounts = itertools.count(1)
_key, _size = st.sampled_from(KEYS), st.sampled_from(SIZES)


@dataclass(frozen=True)
class Version:
    """An object as the model knows it, or a delete marker when it has no body."""

    id: str
    body: bytes | None
    etag: str = ""
    label: str = ""


@dataclass
class Upload:
    """An upload that is under way."""

    key: str
    parts: dict[int, bytes] = field(default_factory=dict)


@dataclass
class Model:
    """A bucket: each key's versions, newest first."""

    status: str = ""
    keys: dict[str, list[Version]] = field(default_factory=dict)
    uploads: dict[str, Upload] = field(default_factory=dict)

    def current(self, key: str) -> Version | None:
        """What a read finds, if there is something to read."""
        found = self.keys.get(key)
        return found[0] if found and found[0].body is not None else None

    def write(self, key: str, version: Version) -> None:
        """Puts a version on top; one without an id of its own takes the place of the one before."""
        older = self.keys.get(key, [])
        if version.id == "null":
            older = [one for one in older if one.id != "null"]
        self.keys[key] = [version, *older]

    def remove(self, key: str, version: str) -> None:
        """Takes a version away for good."""
        left = [one for one in self.keys.get(key, []) if one.id != version]
        if left:
            self.keys[key] = left
        else:
            self.keys.pop(key, None)

    @property
    def listed(self) -> dict[str, Version]:
        """What a plain listing shows."""
        found = ((key, self.current(key)) for key in sorted(self.keys, key=str.encode))
        return {key: version for key, version in found if version is not None}


class Buckets(CloudMachine):
    """One bucket."""

    @initialize()
    def make(self) -> None:
        account = f"78{next(_accounts):010}"
        self.s3, self.bucket = self.cloud.client("s3", account=account), f"bucket-{account}"
        self.s3.create_bucket(Bucket=self.bucket)
        self.model, self.number = Model(), 0

    def _body(self, size: int) -> bytes:
        self.number += 1
        return filled(size, self.number)

    def _written(self, key: str, answer: Any, body: bytes, etag: str, label: str = "") -> None:
        shown = answer.get("CopyObjectResult", answer)["ETag"]
        assert shown == etag
        id_ = answer.get("VersionId", "null")
        assert (id_ == "null") is (self.model.status != "Enabled")
        known = {one.id for one in self.model.keys.get(key, [])} - {"null"}
        assert id_ not in known, "a version came twice"
        self.model.write(key, Version(id_, body, etag, label))

    def _any_version(self, data: st.DataObject) -> tuple[str, Version]:
        pairs = [(key, version) for key, found in sorted(self.model.keys.items()) for version in found]
        return pairs[data.draw(st.integers(0, len(pairs) - 1))]

    def _any_upload(self, data: st.DataObject) -> str:
        """By its place in the order of their starts: ids are random, and a run that is repeated has others."""
        return list(self.model.uploads)[data.draw(st.integers(0, len(self.model.uploads) - 1))]

    @rule(status=st.sampled_from(["Enabled", "Enabled", "Suspended"]))
    def switch(self, status: str) -> None:
        set_versioning(self.s3, self.bucket, status)
        self.model.status = status

    @rule(key=_key, size=_size)
    def put(self, key: str, size: int) -> None:
        body = self._body(size)
        label = str(self.number)
        answer = put(self.s3, self.bucket, key, body, Metadata={"label": label})
        self._written(key, answer, body, etag_of(body), label)

    @rule(key=_key, size=_size, right=st.booleans())
    def put_if(self, key: str, size: int, right: bool) -> None:
        """Only over what is there, or only where nothing is; and the same with a condition that is false."""
        body, current = self._body(size), self.model.current(key)
        if current is not None:
            condition, code = {"IfMatch": current.etag if right else NOT_THERE}, "PreconditionFailed"
        else:
            condition, code = ({"IfNoneMatch": "*"} if right else {"IfMatch": NOT_THERE}), "NoSuchKey"
        if right:
            self._written(key, put(self.s3, self.bucket, key, body, **condition), body, etag_of(body))
        else:
            with refused(code):
                put(self.s3, self.bucket, key, body, **condition)

    @precondition(lambda self: self.model.keys)
    @rule(data=st.data(), to=_key)
    def copy(self, data: st.DataObject, to: str) -> None:
        key, version = self._any_version(data)
        source = {"Bucket": self.bucket, "Key": key, "VersionId": version.id}
        given = {"Bucket": self.bucket, "Key": to, "CopySource": source}
        if version.body is None:
            with refused("InvalidRequest"):
                self.s3.copy_object(**given)
            return
        label = {"MetadataDirective": "REPLACE", "Metadata": {"label": "copied"}}
        self._written(to, self.s3.copy_object(**given, **label), version.body, etag_of(version.body), "copied")

    @rule(key=_key)
    def delete(self, key: str) -> None:
        self._deleted(key, self.s3.delete_object(Bucket=self.bucket, Key=key))

    def _deleted(self, key: str, answer: Any, marker: str = "VersionId") -> None:
        if not self.model.status:
            assert "DeleteMarker" not in answer
            self.model.keys.pop(key, None)
            return
        assert answer["DeleteMarker"] is True
        assert (answer[marker] == "null") is (self.model.status == "Suspended")
        self.model.write(key, Version(answer[marker], None))

    @rule(keys=st.lists(_key, min_size=1, max_size=5, unique=True))
    def delete_many(self, keys: list[str]) -> None:
        wanted = {"Objects": [{"Key": key} for key in keys]}
        answer = self.s3.delete_objects(Bucket=self.bucket, Delete=wanted)
        assert sorted(one["Key"] for one in answer["Deleted"]) == sorted(keys)
        for one in answer["Deleted"]:
            self._deleted(one["Key"], one, "DeleteMarkerVersionId")

    @precondition(lambda self: self.model.keys)
    @rule(data=st.data())
    def delete_version(self, data: st.DataObject) -> None:
        key, version = self._any_version(data)
        self.s3.delete_object(Bucket=self.bucket, Key=key, VersionId=version.id)
        self.model.remove(key, version.id)

    # ----------------------------------------------------------------------- in parts
    @rule(key=_key)
    def begin(self, key: str) -> None:
        self.model.uploads[start_upload(self.s3, self.bucket, key)] = Upload(key)

    @precondition(lambda self: self.model.uploads)
    @rule(data=st.data(), number=st.integers(1, 2), size=_size, large=st.integers(0, 7))
    def send(self, data: st.DataObject, number: int, size: int, large: int) -> None:
        id_ = self._any_upload(data)
        upload, body = self.model.uploads[id_], self._body(size if large else PART_BYTES_MIN)
        assert send_part(self.s3, self.bucket, id_, number, body, upload.key)["ETag"] == etag_of(body)
        upload.parts[number] = body

    @precondition(lambda self: self.model.uploads)
    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        id_ = self._any_upload(data)
        upload = self.model.uploads[id_]
        parts = dict(sorted(upload.parts.items()))
        named = {number: etag_of(body) for number, body in parts.items()}
        bodies = list(parts.values())
        if not parts:
            with refused("MalformedXML"):
                complete(self.s3, self.bucket, id_, named, upload.key)
            return
        if any(len(body) < PART_BYTES_MIN for body in bodies[:-1]):
            with refused("EntityTooSmall"):
                complete(self.s3, self.bucket, id_, named, upload.key)
            return
        answer = complete(self.s3, self.bucket, id_, named, upload.key)
        self._written(upload.key, answer, b"".join(bodies), etag_of_parts(*bodies))
        del self.model.uploads[id_]

    @precondition(lambda self: self.model.uploads)
    @rule(data=st.data())
    def give_up(self, data: st.DataObject) -> None:
        id_ = self._any_upload(data)
        self.s3.abort_multipart_upload(Bucket=self.bucket, Key=self.model.uploads.pop(id_).key, UploadId=id_)

    # ----------------------------------------------------------------------- looking
    @rule(key=_key)
    def get(self, key: str) -> None:
        version = self.model.current(key)
        if version is None:
            with refused("NoSuchKey"):
                self.s3.get_object(Bucket=self.bucket, Key=key)
            return
        self._same(self.s3.get_object(Bucket=self.bucket, Key=key), version)

    @precondition(lambda self: self.model.keys)
    @rule(data=st.data())
    def get_version(self, data: st.DataObject) -> None:
        key, version = self._any_version(data)
        asked = {"Bucket": self.bucket, "Key": key, "VersionId": version.id}
        if version.body is None:
            with refused("MethodNotAllowed"):
                self.s3.get_object(**asked)
            return
        self._same(self.s3.get_object(**asked), version)

    def _same(self, got: Any, version: Version) -> None:
        assert got["Body"].read() == version.body
        assert (got["ETag"], got.get("VersionId", "null")) == (version.etag, version.id)
        assert got["Metadata"].get("label", "") == version.label

    @precondition(lambda self: self.model.listed)
    @rule(data=st.data())
    def get_range(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.model.listed)))
        body = self.model.listed[key].body or b""
        start = data.draw(st.integers(0, max(len(body) - 1, 0)))
        end = data.draw(st.integers(start, len(body) + 10))
        asked = {"Bucket": self.bucket, "Key": key, "Range": f"bytes={start}-{end}"}
        if not body:
            with refused("InvalidRange"):
                self.s3.get_object(**asked)
            return
        assert self.s3.get_object(**asked)["Body"].read() == body[start : end + 1]

    @rule(size=st.integers(1, 4), delimiter=st.sampled_from([None, "/"]), prefix=st.sampled_from(["", "a", "a/", "b"]))
    def list_in_pages(self, size: int, delimiter: str | None, prefix: str) -> None:
        expected: list[str] = []
        for key in self.model.listed:
            if key.startswith(prefix):
                rest, found, _ = key[len(prefix) :].partition(delimiter or "\0")
                shown = prefix + rest + found if found else key
                expected += [shown] if shown not in expected else []
        more = {"Delimiter": delimiter} if delimiter else {}
        pages = self.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=prefix, PaginationConfig={"PageSize": size}, **more
        )
        seen = []
        for page in pages:
            seen += [one["Key"] for one in page.get("Contents", [])]
            seen += [one["Prefix"] for one in page.get("CommonPrefixes", [])]
        assert sorted(seen, key=str.encode) == sorted(expected, key=str.encode)

    @rule(hard=st.booleans())
    def restart(self, hard: bool) -> None:
        """A power cut, nearly: everything that was answered is there afterwards."""
        self.cloud.kill() if hard else self.cloud.stop()
        self.cloud.start()

    @invariant()
    def the_listings_show_the_model(self) -> None:
        if not hasattr(self, "model"):
            return
        found = self.s3.list_objects_v2(Bucket=self.bucket).get("Contents", [])
        assert [(one["Key"], one["ETag"], one["Size"]) for one in found] == [
            (key, version.etag, len(version.body or b"")) for key, version in self.model.listed.items()
        ]
        answer = self.s3.list_object_versions(Bucket=self.bucket)
        for name, wanted in (("Versions", True), ("DeleteMarkers", False)):
            assert [(one["Key"], one["VersionId"], one["IsLatest"]) for one in answer.get(name, [])] == [
                (key, version.id, version is versions[0])
                for key, versions in sorted(self.model.keys.items(), key=lambda pair: pair[0].encode())
                for version in versions
                if (version.body is not None) is wanted
            ]
        uploads = self.s3.list_multipart_uploads(Bucket=self.bucket).get("Uploads", [])
        assert {one["UploadId"]: one["Key"] for one in uploads} == {
            id_: upload.key for id_, upload in self.model.uploads.items()
        }


def test_a_bucket_does_what_the_model_does_whatever_happens(own_cloud: CloudProcess) -> None:
    run(Buckets, own_cloud, examples=6, steps=30, seed=1)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_bucket_does_what_the_model_does_for_a_long_time(own_cloud: CloudProcess) -> None:
    run(Buckets, own_cloud, examples=300, steps=60, seed=random.randrange(1 << 32))
