"""Data keys that are used again for a while."""

from __future__ import annotations

import pytest

from fogstead.kernel.data_keys import DataKey, DataKeys


class Maker:
    """Counts what it made."""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self) -> DataKey:
        self.made += 1
        return DataKey(bytes([self.made]), b"sealed", "arn")


def test_a_data_key_is_used_again_until_its_time_is_over() -> None:
    keys, make = DataKeys(), Maker()
    assert [keys.reused(("a",), now, now + 10, make).plain for now in (0, 9, 10, 19)] == [b"\1", b"\1", b"\2", b"\2"]


def test_each_place_has_its_own() -> None:
    keys, make = DataKeys(), Maker()
    assert keys.reused(("a", 1), 0, 10, make) != keys.reused(("a", 2), 0, 10, make)


def test_an_owner_s_keys_are_forgotten_together() -> None:
    keys, make = DataKeys(), Maker()
    for place in (("a", 1), ("a", 2), ("b", 1)):
        keys.reused(place, 0, 10, make)
    keys.forget("a")
    assert len(keys) == 1
    assert keys.reused(("b", 1), 0, 10, make).plain == b"\3"


def test_the_longest_unused_goes_when_there_are_too_many() -> None:
    keys, make = DataKeys(kept_max=2), Maker()
    for name in ("a", "b", "a", "c"):
        keys.reused((name,), 0, 10, make)
    assert len(keys) == 2
    assert keys.reused(("a",), 0, 10, make).plain == b"\1"
    assert keys.reused(("b",), 0, 10, make).plain == b"\4"


def test_what_could_not_be_made_is_not_remembered() -> None:
    keys = DataKeys()

    def refuse() -> DataKey:
        raise PermissionError

    for _ in range(2):
        with pytest.raises(PermissionError):
            keys.reused(("a",), 0, 10, refuse)
    assert not len(keys)


def test_a_data_key_does_not_show_itself() -> None:
    assert "hidden" not in repr(DataKey(b"hidden", b"sealed", "arn"))
