"""Items in one namespace for all accounts; `CacheControl` steers what becomes of a body."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fogstead.kernel.authorization import Access
from fogstead.kernel.bodies import Hashes, Incoming, Outgoing, Piece, Received
from fogstead.kernel.identity import Principal
from fogstead.kernel.policies import Question, compile_policy
from fogstead.kernel.policy_principals import Level
from fogstead.kernel.resource import Resource
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.store.packing import pack_int
from trial_services.mediastore_data.service import (
    InternalServerError,
    ObjectNotFound,
    RangeNotSatisfiable,
    mediastore_data,
)

if TYPE_CHECKING:
    from fogstead.shapes.mediastore_data import (
        DeleteObjectRequest,
        DeleteObjectResponse,
        GetObjectRequest,
        GetObjectResponse,
        ListItemsRequest,
        ListItemsResponse,
        PutObjectRequest,
        PutObjectResponse,
    )


class Item(Resource, service=mediastore_data, arn="{path}", missing=ObjectNotFound, scope="cloud"):
    """Bytes under a path; `asked` notes for which members its condition keys were asked."""

    path: str
    owner: str = ""
    size: int = 0
    data: bytes = b""
    blob: str = ""
    number: int = 0
    policy: str = ""

    @property
    def owner_account(self) -> str:
        """See `Resource`."""
        return self.owner

    @property
    def resource_policy(self) -> str:
        """See `Resource`."""
        return self.policy

    @property
    def resource_tags(self) -> dict[str, str]:
        """See `Resource`."""
        return {"Size": str(self.size)}

    def access(self, tx: Transaction, question: Question, given: Mapping[str, Any]) -> Access:
        """Its policy, and everybody may read what lies under `public/`."""
        public = self.path.startswith("public/") and question.action.startswith("mediastore:Get")
        granted = Level.EXACT if public else Level.NOT
        return Access(compile_policy(self.policy, "resource") if self.policy else None, granted)

    def condition_keys(self, tx: Transaction, given: Mapping[str, Any]) -> Mapping[str, str | list[str]]:
        """The range that is asked for; a test sees how often."""
        ASKED.append(self.path)
        return {"mediastore:range": str(given.get("Range", "none"))}

    def expect(self, caller: Principal, given: Mapping[str, Any]) -> None:
        """A range has to begin within it."""
        if _range_of(given, self.size)[0] > self.size:
            raise RangeNotSatisfiable

    def told_with_answers(self, caller: Principal, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """How long answers may be kept."""
        return {"CacheControl": "no-store"}


ASKED: list[str] = []


class Digest:
    """A running SHA-256 that refuses what its `word` says, and notes what it is asked."""

    def __init__(self, word: str = "") -> None:
        self.word = word
        self.one_zone = word == "one zone"
        self.asked: list[str] = []
        self.trailers: dict[str, str] = {}
        self._hash = hashlib.sha256()

    def update(self, data: bytes, /) -> None:
        """See `Hashes`."""
        self.asked.append("update")
        self._hash.update(data)

    def expect(self, size: int | None) -> None:
        """See `Hashes`."""
        self.asked.append(f"expect {size}")
        if self.word == "refuse before":
            raise InternalServerError("refused before")

    def check(self, size: int, trailers: Mapping[str, str]) -> None:
        """See `Hashes`."""
        self.asked.append(f"check {size}")
        self.trailers = dict(trailers)
        if self.word == "refuse after":
            raise InternalServerError("refused after")

    @property
    def text(self) -> str:
        """The digest of all that came."""
        return self._hash.hexdigest()


def _digest_of(given: Mapping[str, Any]) -> Hashes:
    assert isinstance(given["Body"], Incoming)
    return Digest(given.get("CacheControl", ""))


@mediastore_data.operation(creates=Item, at="Path", receives=_digest_of)
def put_object(tx: Transaction, req: PutObjectRequest) -> PutObjectResponse:
    """Keeps the body in the place of an older one, and then goes wrong in the way that CacheControl says."""
    received: Received = req["Body"]  # type: ignore[assignment]
    old = tx.find(Item, req["Path"])
    if old is not None:
        _drop(tx, old)
    number = tx.keys.next_number()
    if received.blob:
        tx.refer(received.blob, pack_int(number))
    made = Item(
        path=req["Path"],
        owner=tx.call_home.account,
        size=received.size,
        data=received.data,
        blob=received.blob,
        number=number,
    )
    tx.create(made)
    match req.get("CacheControl"):
        case "refuse":
            raise InternalServerError("refused")
        case "crash":
            raise RuntimeError("it was asked to crash")
    assert isinstance(received.hashes, Digest)
    return {"ContentSHA256": received.hashes.text, "ETag": str(number)}


def _action_of(given: Mapping[str, Any]) -> str:
    return "mediastore:GetObjectRange" if given.get("Range") else "mediastore:GetObject"


def _part_of(given: Mapping[str, Any]) -> str:
    return f"#{given['Range'].removeprefix('bytes=')}" if given.get("Range") else ""


@mediastore_data.operation(on=Item, at="Path", action_of=_action_of, part=_part_of, data_event=True)
def get_object(tx: Transaction, req: GetObjectRequest) -> GetObjectResponse:
    """The bytes of a range, read after the commit."""
    item: Item = tx.resource
    start, end = _range_of(req, item.size)
    outgoing = Outgoing(tx.cloud, [Piece(item.size, item.blob, item.data)], start, end)
    tx.after_commit(outgoing.hold)
    return {"Body": outgoing, "ContentLength": max(end - start, 0), "StatusCode": 200}  # type: ignore[typeddict-item]


@mediastore_data.operation(on=Item, at="Path")
def delete_object(tx: Transaction, req: DeleteObjectRequest) -> DeleteObjectResponse:
    """Its blob goes once nobody needs it."""
    _drop(tx, tx.resource)
    return {}


@mediastore_data.operation(lists=Item, decides_itself=True, ignores=("MaxResults", "NextToken"))
def list_items(tx: Transaction, req: ListItemsRequest) -> ListItemsResponse:
    """Those that the caller may read under `Path`, or all when it may read each."""
    shown = []
    for item in tx.all(Item, prefix=req.get("Path", "")):
        tx.authorise("mediastore:GetObject", item, "", {"Range": "bytes=0-"})
        shown.append({"Name": item.path, "ContentLength": item.size})
    return {"Items": shown}  # type: ignore[typeddict-item]


def _drop(tx: Transaction, item: Item) -> None:
    tx.delete(item)
    if item.blob:
        tx.release(item.blob, pack_int(item.number))


def _range_of(given: Mapping[str, Any], size: int) -> tuple[int, int]:
    first, _, last = str(given.get("Range", "bytes=0-")).removeprefix("bytes=").partition("-")
    return int(first or 0), min(int(last) + 1, size) if last else size
