import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fogstead.primitives.ids import Ids

SIZES = st.lists(st.one_of(st.integers(0, 64), st.integers(3_000, 4_096)), max_size=40)


class NumberedSource:
    """Blocks in which every eight bytes say their own number, so that a repeat would show."""

    def __init__(self) -> None:
        self.given = 0
        self.reads = 0

    def __call__(self, size: int) -> bytes:
        assert size % 8 == 0
        words = range(self.given, self.given + size // 8)
        self.given += size // 8
        self.reads += 1
        return b"".join(word.to_bytes(8, "big") for word in words)


def test_a_uuid_is_a_random_one_as_aws_prints_it() -> None:
    ids = Ids()
    for _ in range(300):
        text = ids.uuid()
        parsed = uuid.UUID(text)
        assert str(parsed) == text
        assert parsed.version == 4
        assert parsed.variant == uuid.RFC_4122


@pytest.mark.parametrize("byte", [0x00, 0xFF])
def test_a_uuid_keeps_every_random_bit_beside_version_and_variant(byte: int) -> None:
    text = Ids(lambda size: bytes([byte]) * size).uuid()

    assert text == {0x00: "00000000-0000-4000-8000-000000000000", 0xFF: "ffffffff-ffff-4fff-bfff-ffffffffffff"}[byte]


def test_hexadecimal_digits_are_two_to_a_byte() -> None:
    assert Ids(lambda size: b"\xab" * size).hex(3) == "ababab"


def test_the_same_seed_gives_the_same_identifiers() -> None:
    one, same, other = Ids.seeded(7), Ids.seeded(7), Ids.seeded(8)
    ids = [one.uuid() for _ in range(600)]

    assert [same.uuid() for _ in range(600)] == ids
    assert [other.uuid() for _ in range(600)] != ids
    assert len(set(ids)) == 600


def test_without_a_seed_identifiers_are_not_repeatable() -> None:
    assert Ids().take(16) != Ids().take(16)


@given(SIZES)
def test_no_random_byte_is_given_twice(sizes: list[int]) -> None:
    ids = Ids(NumberedSource())
    words: list[int] = []
    for size in sizes:
        taken = ids.take(size * 8 % 4_096)
        assert len(taken) == size * 8 % 4_096
        words += [int.from_bytes(taken[at : at + 8], "big") for at in range(0, len(taken), 8)]

    assert words == sorted(set(words))


def test_random_bytes_are_read_in_pools() -> None:
    source = NumberedSource()
    ids = Ids(source)
    for _ in range(256):
        ids.take(16)

    assert source.reads == 1


def test_a_whole_pool_is_the_most_at_once() -> None:
    ids = Ids.seeded(1)
    ids.take(1)

    assert len(ids.take(4_096)) == 4_096
    with pytest.raises(ValueError, match="4096"):
        ids.take(4_097)
