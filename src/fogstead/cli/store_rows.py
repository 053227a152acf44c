"""Rows of a store as a person can read them, from a file that is only ever read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import apsw
import msgspec

from fogstead.kernel import jobs, outbox, tokens
from fogstead.kernel.catalog import Catalog
from fogstead.kernel.records import RecordCodec
from fogstead.primitives.store import FORMAT, SYSTEM, Home, after, end_of
from fogstead.primitives.store.directory import STORE_FILE
from fogstead.primitives.store.packing import Element, pack, unpack

_PAGE = 500
_OWNERS_MAX = 10_000
_HEX_MAX = 64
_SECRET_ROWS = frozenset({"page-key"})
_HOMES_IN_KEYS = frozenset({"job-name", "outbox-home"})
_job = RecordCodec(jobs.Job)
_event = RecordCodec(outbox.Event)
_parked = RecordCodec(outbox.ParkedEvent)


class UnreadableStore(Exception):
    """There is no store to read; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class ReadRow:
    """One row: whose it is, what it is, its key without the parts said already, and its value."""

    home: str
    collection: str
    key: tuple[Any, ...]
    size: int
    value: Any


class StoreReader:
    """Reads one data directory, also while a cloud runs in it. Each page is a read of its own, so no writer waits."""

    def __init__(self, data_dir: Path) -> None:
        self.file = data_dir / STORE_FILE
        if not self.file.is_file():
            raise UnreadableStore(f"{data_dir} holds no store: there is no {STORE_FILE} in it.")
        try:
            self._connection = _open(self.file)
            self.format = int(self._execute("PRAGMA user_version").get)
            if self.format > FORMAT:
                raise UnreadableStore(f"{data_dir} has format {self.format} and this program knows {FORMAT}: upgrade.")
            self._execute("SELECT key, value FROM keys LIMIT 1").fetchall()
        except apsw.Error as error:
            raise UnreadableStore(f"{self.file} cannot be read as a store: {error}.") from None
        self._catalog = Catalog()
        self._owners: dict[bytes, dict[int, str]] = {}

    def _execute(self, statement: str, arguments: tuple[Any, ...] = ()) -> Any:
        return self._connection.execute(statement, arguments)

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def count(self) -> int:
        """How many rows there are."""
        return int(self._execute("SELECT COUNT(*) FROM keys").get)

    def rows(self, home: Home | None = None) -> Iterator[ReadRow]:
        """All rows in key order, or those of one home; the cloud's own come first."""
        low, high = (home.prefix, end_of(home.prefix)) if home is not None else (b"", b"\xff")
        while True:
            statement = "SELECT key, value FROM keys WHERE key >= ? AND key < ? ORDER BY key LIMIT ?"
            page = self._execute(statement, (low, high, _PAGE)).fetchall()
            for key, value in page:
                yield self._read(key, value)
            if len(page) < _PAGE:
                return
            low = after(page[-1][0])

    def _read(self, key: bytes, value: bytes) -> ReadRow:
        elements = _elements(key)
        if len(elements) < 3 or not isinstance(elements[1], str) or not isinstance(elements[2], str):
            return ReadRow("?", "other", (key.hex(),), len(value), _hex(value))
        home = _home(elements[0], elements[1])
        kind, rest = elements[2], elements[3:]
        if kind == "r" and len(rest) >= 2:
            service, name = str(rest[0]), str(rest[1])
            record = self._resource(service, name, value)
            return ReadRow(home, f"{service}.{name}", _plain(rest[2:]), len(value), record)
        if home == SYSTEM_NAME and kind in _SECRET_ROWS:
            return ReadRow(home, kind, _plain(rest), len(value), "secret")
        if kind == "d":
            shard = self._owner(pack(*elements[:2]), rest[0]) if rest else ""
            return ReadRow(home, "data", (shard, *_plain(rest[1:])), len(value), _hex(value))
        if kind in _HOMES_IN_KEYS and len(rest) >= 2:
            rest = (_home(rest[0], str(rest[1])), *rest[2:])
        decode = _DECODERS.get(kind)
        return ReadRow(home, kind, _plain(rest), len(value), _tried(decode, value) if decode else _hex(value))

    def _owner(self, prefix: bytes, incarnation: Element) -> str:
        """The resource whose shard a row lies in; its number alone when the resource is gone."""
        owners = self._owners.get(prefix)
        if owners is None:
            owners = self._owners[prefix] = self._read_owners(prefix)
        return owners.get(incarnation if isinstance(incarnation, int) else -1, f"#{incarnation!r}")

    def _read_owners(self, prefix: bytes) -> dict[int, str]:
        low = prefix + pack("r")
        statement = "SELECT key, value FROM keys WHERE key >= ? AND key < ? ORDER BY key LIMIT ?"
        rows = [self._read(*row) for row in self._execute(statement, (low, end_of(low), _OWNERS_MAX))]
        return {
            row.value["incarnation"]: "/".join((row.collection, *map(str, row.key)))
            for row in rows
            if isinstance(row.value, dict) and "incarnation" in row.value
        }

    def _resource(self, service: str, name: str, value: bytes) -> Any:
        try:
            return _fields(self._catalog.service(service).resources[name].codec.decode(value))
        except Exception as error:  # noqa: BLE001 - a record of a service that is gone or newer is shown as it lies there
            return {"unreadable": f"{type(error).__name__}: {error}", "hex": _hex(value)}


SYSTEM_NAME = "cloud"
"""How the home of the cloud's own rows is shown."""


def _open(file: Path) -> apsw.Connection:
    """Read-only; and untouched by SQLite's own bookkeeping where no log lies beside it."""
    log = file.with_name(file.name + "-wal")
    how = "mode=ro" if log.exists() else "mode=ro&immutable=1"
    flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
    connection = apsw.Connection(f"file:{quote(str(file.absolute()))}?{how}", flags=flags)
    connection.set_busy_timeout(5_000)
    return connection


def home_name(home: Home) -> str:
    """ACCOUNT/REGION; account-wide things have no Region, the cloud's own neither."""
    return f"{home.account}/{home.region}" if home.account else SYSTEM_NAME


def parse_home(text: str) -> Home:
    """The home of such a name; ValueError when it is none."""
    if text == SYSTEM_NAME:
        return SYSTEM
    account, slash, region = text.partition("/")
    if not account or not slash:
        raise ValueError(f"{text!r} is no home: write ACCOUNT/REGION, ACCOUNT/ or {SYSTEM_NAME}.")
    return Home(account, region)


def _home(account: Element, region: str) -> str:
    named = f"{account:012}" if isinstance(account, int) else str(account)
    return home_name(Home(named, region))


def _elements(key: bytes) -> tuple[Element, ...]:
    """As much of a key as is packed, and what follows as bytes: rows of a shard may end in anything."""
    try:
        return unpack(key)
    except ValueError:
        pass
    for end in range(len(key) - 1, 0, -1):
        try:
            return (*unpack(key[:end]), key[end:])
        except ValueError:
            continue
    return ()


def _plain(elements: tuple[Element, ...]) -> tuple[Any, ...]:
    return tuple(_shown_bytes(element) if isinstance(element, bytes) else element for element in elements)


def _shown_bytes(raw: bytes) -> str:
    """A key inside a key is shown as its parts."""
    parts = _elements(raw)
    if len(parts) < 3 or not isinstance(parts[1], str) or any(isinstance(part, bytes) for part in parts):
        return raw.hex()
    return " ".join((_home(parts[0], parts[1]), *(str(part) for part in parts[2:])))


def _hex(value: bytes) -> str:
    return value[:_HEX_MAX].hex() + ("..." if len(value) > _HEX_MAX else "")


def _fields(record: Any) -> dict[str, Any]:
    """A record as names and values, whatever it holds."""
    return {name: _field(getattr(record, name)) for name in type(record).__struct_fields__}


def _field(value: Any) -> Any:
    if isinstance(type(value), msgspec.StructMeta):
        return _fields(value)
    if isinstance(value, bytes):
        return _shown_bytes(value)
    if isinstance(value, dict):
        return {str(name): _field(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_field(inner) for inner in value]
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def _tried(decode: Callable[[bytes], Any], value: bytes) -> Any:
    try:
        return decode(value)
    except (ValueError, msgspec.MsgspecError):
        return {"unreadable": _hex(value)}


def _token(value: bytes) -> Any:
    kept = msgspec.msgpack.decode(value, type=tokens.Kept)
    return {"digest": kept.digest.hex(), "expires_at": kept.expires_at, "answered": kept.answer is not None}


_DECODERS: dict[str, Callable[[bytes], Any]] = {
    "job": lambda value: _fields(_job.decode(value)),
    "job-parked": lambda value: _fields(_job.decode(value)),
    "job-name": _shown_bytes,
    "clock": lambda value: {"offset_millis": int.from_bytes(value, "big")},
    "number": lambda value: int.from_bytes(value, "big"),
    "outbox": lambda value: _fields(_event.decode(value)),
    "outbox-parked": lambda value: _fields(_parked.decode(value)),
    "outbox-cursor": _shown_bytes,
    "outbox-home": lambda _value: "",
    "token": _token,
    "token-expiry": lambda _value: "",
}
