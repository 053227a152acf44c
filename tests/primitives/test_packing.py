import struct

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fogstead.primitives.store import Home, after, end_of
from fogstead.primitives.store.packing import HIGH, Element, pack, pack_int, unpack

INTEGERS = st.integers(-(1 << 63), (1 << 63) - 1)
# Zeros, 0x01 and 0xFF are what the escaping is about, so they come often; surrogates do reach us in user input.
TEXTS = st.one_of(st.text("\x00\x01a\xff\ud800\uffff\U0010ffff", max_size=6), st.text(max_size=12))
BYTES = st.one_of(st.lists(st.sampled_from([0, 1, 2, 0x15, 0xFF]), max_size=6).map(bytes), st.binary(max_size=12))
ELEMENTS: st.SearchStrategy[Element] = st.one_of(INTEGERS, TEXTS, BYTES)
TUPLES = st.lists(ELEMENTS, max_size=5).map(tuple)
# Wherever packed bytes end up in a range: mixed types compare by kind first.
_KINDS = (bytes, str, int)


def order_of(elements: tuple[Element, ...]) -> tuple[tuple[int, Element], ...]:
    return tuple((_KINDS.index(type(element)), element) for element in elements)


@given(TUPLES)
def test_a_packed_tuple_unpacks_to_itself(elements: tuple[Element, ...]) -> None:
    unpacked = unpack(pack(*elements))

    assert unpacked == elements
    assert [type(element) for element in unpacked] == [type(element) for element in elements]


@given(TUPLES, TUPLES)
@example(("a", 1), ("a\x00", 1))
@example((b"", b""), (b"\x00",))
@example((-1,), (0,))
@example(("\uffff",), ("\U00010000",))
def test_packed_tuples_sort_like_the_tuples(one: tuple[Element, ...], other: tuple[Element, ...]) -> None:
    assert (pack(*one) < pack(*other)) == (order_of(one) < order_of(other))


@given(TUPLES, TUPLES, TUPLES)
def test_packed_tuples_with_a_shared_beginning_sort_by_what_follows(
    shared: tuple[Element, ...], one: tuple[Element, ...], other: tuple[Element, ...]
) -> None:
    assert (pack(*shared, *one) < pack(*shared, *other)) == (order_of(one) < order_of(other))


@given(TUPLES, TUPLES)
def test_packing_in_parts_is_packing_at_once(one: tuple[Element, ...], other: tuple[Element, ...]) -> None:
    assert pack(*one) + pack(*other) == pack(*one, *other)


@given(TUPLES, TUPLES)
def test_the_end_of_a_prefix_is_above_everything_that_begins_with_it(
    prefix: tuple[Element, ...], rest: tuple[Element, ...]
) -> None:
    low = pack(*prefix)

    assert low <= pack(*prefix, *rest) < low + HIGH
    assert end_of(low) == low + HIGH


@given(TUPLES, TUPLES)
def test_the_range_of_a_prefix_holds_nothing_else(prefix: tuple[Element, ...], other: tuple[Element, ...]) -> None:
    low, key = pack(*prefix), pack(*other)

    assert (low <= key < end_of(low)) == (other[: len(prefix)] == prefix)


@given(BYTES, BYTES.filter(len))
def test_nothing_lies_between_a_key_and_the_one_after_it(key: bytes, rest: bytes) -> None:
    assert key < after(key) <= key + rest


@given(INTEGERS)
def test_the_quick_packing_of_an_integer_is_the_packing(value: int) -> None:
    assert pack_int(value) == pack(value)


@pytest.mark.parametrize("value", [1 << 63, -(1 << 63) - 1, 1 << 64])
def test_an_integer_beyond_64_bits_is_refused_and_not_wrapped(value: int) -> None:
    with pytest.raises((struct.error, ValueError, OverflowError)):
        pack(value)


@pytest.mark.parametrize(
    "malformed",
    [
        pytest.param(b"\x00", id="no such tag"),
        pytest.param(b"\xff", id="high"),
        pytest.param(b"\x03a\x00", id="tag of nothing"),
        pytest.param(b"\x01", id="bytes without end"),
        pytest.param(b"\x01abc", id="bytes cut short"),
        pytest.param(b"\x02abc", id="text cut short"),
        pytest.param(b"\x02a\x00\xff", id="text that ends in an escape"),
        pytest.param(b"\x02\xc3\x00", id="text that is not UTF-8"),
        pytest.param(b"\x15", id="integer without digits"),
        pytest.param(b"\x15\x80\x00\x00\x00\x00\x00\x00", id="integer cut short"),
        pytest.param(pack("a", 1) + b"\x00", id="a tuple and one byte"),
    ],
)
def test_malformed_bytes_are_refused(malformed: bytes) -> None:
    with pytest.raises(ValueError):
        unpack(malformed)


@given(st.one_of(st.binary(max_size=30), BYTES))
def test_any_bytes_unpack_or_give_a_value_error(anything: bytes) -> None:
    try:
        elements = unpack(anything)
    except ValueError:
        return
    assert pack(*elements) == anything


@given(TUPLES.filter(len), st.data())
def test_a_tuple_cut_inside_an_element_is_refused(elements: tuple[Element, ...], data: st.DataObject) -> None:
    packed = pack(*elements)
    whole = {len(pack(*elements[:count])) for count in range(len(elements) + 1)}
    cuts = [cut for cut in range(len(packed)) if cut not in whole]
    cut = data.draw(st.sampled_from(cuts))

    try:
        unpacked = unpack(packed[:cut])
    except ValueError:
        return
    # Only a cut behind an escaped zero leaves something whole, and that is no beginning of the tuple.
    assert packed[cut - 1 : cut + 1] == b"\x00\xff"
    assert unpacked != elements[: len(unpacked)]


def test_homes_do_not_lie_in_one_another() -> None:
    homes = [
        Home("", ""),
        Home("", "us-east-1"),
        Home("123456789012", ""),
        Home("123456789012", "us-east-1"),
        Home("123456789012", "us-east-10"),
        Home("000000000001", "us-east-1"),
        Home("aws", "us-east-1"),
    ]

    for home in homes:
        inside = [other for other in homes if home.prefix <= other.prefix < end_of(home.prefix)]
        assert inside == [home]
        assert home.data.startswith(home.prefix)
        assert unpack(home.data)[-1] == "d"
