"""Tuples as bytes that sort like the tuples: the one packing of every key.

Each element starts with a tag, so elements of different types never mix and no packed element starts with 0xFF:
`prefix + HIGH` is therefore above every key that begins with `prefix`.
"""

from __future__ import annotations

import struct

Element = str | int | bytes

HIGH = b"\xff"
"""Above every packed element: the exclusive end of a prefix's range."""

_BYTES, _TEXT, _INT = 0x01, 0x02, 0x15
_INT_BIAS = 1 << 63
_U64 = struct.Struct(">BQ")
_END = b"\x00"
_ESCAPED_END = b"\x00\xff"


def pack(*elements: Element) -> bytes:
    """The bytes of a tuple; integers must fit 64 bits with a sign."""
    return b"".join([_pack_one(element) for element in elements])


def pack_int(value: int) -> bytes:
    """`pack(value)` for the hot path."""
    return _U64.pack(_INT, value + _INT_BIAS)


def _pack_one(element: Element) -> bytes:
    if isinstance(element, int):
        return _U64.pack(_INT, element + _INT_BIAS)
    if isinstance(element, str):
        return b"\x02" + element.encode("utf-8", "surrogatepass").replace(_END, _ESCAPED_END) + _END
    return b"\x01" + element.replace(_END, _ESCAPED_END) + _END


def unpack(packed: bytes) -> tuple[Element, ...]:
    """The tuple again; ValueError when the bytes are not a packed tuple."""
    elements: list[Element] = []
    at = 0
    while at < len(packed):
        element, at = _unpack_one(packed, at)
        elements.append(element)
    return tuple(elements)


def _unpack_one(packed: bytes, at: int) -> tuple[Element, int]:
    tag = packed[at]
    if tag == _INT:
        if at + _U64.size > len(packed):
            raise ValueError("a packed integer is cut short")
        return _U64.unpack_from(packed, at)[1] - _INT_BIAS, at + _U64.size
    if tag not in (_BYTES, _TEXT):
        raise ValueError(f"not a packed element: tag {tag:#04x} at {at}")
    end = _end_of(packed, at + 1)
    raw = packed[at + 1 : end].replace(_ESCAPED_END, _END)
    return (raw if tag == _BYTES else raw.decode("utf-8", "surrogatepass")), end + 1


def _end_of(packed: bytes, at: int) -> int:
    while True:
        end = packed.find(_END, at)
        if end < 0:
            raise ValueError("a packed element has no end")
        if packed[end + 1 : end + 2] != HIGH:
            return end
        at = end + 2
