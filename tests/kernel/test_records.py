"""Records as bytes: a version in front, older bytes still read."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from trial_services.secretsmanager.secrets import Secret

from fogstead.kernel import records
from fogstead.kernel.records import RecordCodec


class Old(msgspec.Struct, frozen=True, array_like=True):
    name: str
    size: int = 0


class Grown(msgspec.Struct, frozen=True, array_like=True):
    name: str
    size: int = 0
    colour: str = "grey"
    tags: dict[str, str] = {}


class Renamed(msgspec.Struct, frozen=True, array_like=True):
    title: str
    size_bytes: int = 0


def upgrade(version: int, raw: bytes) -> Renamed:
    old = msgspec.msgpack.decode(raw, type=Old)
    return Renamed(title=f"{old.name} (version {version})", size_bytes=old.size)


@given(st.text(st.characters(codec="utf-8")), st.integers(-(2**63), 2**63 - 1))
def test_decoding_what_was_encoded_gives_the_record(name: str, size: int) -> None:
    codec = RecordCodec(Old)
    assert codec.decode(codec.encode(Old(name, size))) == Old(name, size)


@given(st.text(st.characters(codec="utf-8")), st.dictionaries(st.text(), st.text()), st.binary())
def test_a_resource_comes_back_from_its_bytes(name: str, tags: dict[str, str], noise: bytes) -> None:
    secret = Secret(name=name, tags=tags, text=noise.hex(), incarnation=7, account="111111111111")
    assert Secret.codec.decode(Secret.codec.encode(secret)) == secret


def test_the_first_byte_is_the_version() -> None:
    assert RecordCodec(Old, version=3).encode(Old("a"))[:1] == b"\x03"


def test_a_field_added_with_a_default_reads_the_bytes_from_before() -> None:
    assert RecordCodec(Grown).decode(RecordCodec(Old).encode(Old("a", 5))) == Grown("a", 5, "grey", {})


def test_the_bytes_of_a_field_that_is_no_longer_known_are_passed_over() -> None:
    assert RecordCodec(Old).decode(RecordCodec(Grown).encode(Grown("a", 5, "red"))) == Old("a", 5)


def test_an_upgrade_function_reads_an_older_version() -> None:
    codec = RecordCodec(Renamed, version=2, upgrade=upgrade)

    assert codec.decode(RecordCodec(Old).encode(Old("a", 5))) == Renamed("a (version 1)", 5)
    assert codec.decode(codec.encode(Renamed("b", 6))) == Renamed("b", 6)


def test_a_version_from_the_future_is_refused_by_its_number() -> None:
    raw = RecordCodec(Old, version=9).encode(Old("a"))
    for codec in (RecordCodec(Old), RecordCodec(Renamed, 2, upgrade)):
        with pytest.raises(ValueError, match="of version 9 cannot be read by this program"):
            codec.decode(raw)


def test_an_older_version_without_upgrade_is_refused() -> None:
    with pytest.raises(ValueError, match="a Old of version 1 cannot be read by this program"):
        RecordCodec(Old, version=2).decode(RecordCodec(Old).encode(Old("a")))


def test_the_same_bytes_give_the_same_object() -> None:
    codec = RecordCodec(Old)
    raw = codec.encode(Old("a"))
    assert codec.decode(raw) is codec.decode(bytes(raw))


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "_CACHED_MAX", 10)
    codec = RecordCodec(Old)
    for number in range(100):
        codec.decode(codec.encode(Old(str(number))))
        assert len(codec._cached) <= 10
    long = codec.encode(Old("x" * 5_000))
    assert codec.decode(long) is not codec.decode(long)


def test_records_that_are_many_are_not_remembered() -> None:
    codec = RecordCodec(Old, remembers=False)
    raw = codec.encode(Old("a"))
    assert codec.decode(raw) == codec.decode(raw)
    assert codec.decode(raw) is not codec.decode(raw)
    assert not codec._cached
