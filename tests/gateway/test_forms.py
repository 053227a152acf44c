"""`multipart/form-data`: fields, then a file, whatever the boundary is and wherever the bytes are cut."""

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fogstead.gateway.exchanges import BodyStream, Disconnected
from fogstead.gateway.forms import FIELDS_BYTES_MAX, Form, FormTooLong, MalformedForm, WrongNumberOfFiles
from fogstead.kernel.errors import ServiceError
from gateway.streams import cut, streamed

KIND = "multipart/form-data; boundary=XX"
BOUNDARIES = st.text("abcXYZ019'()+_,-./:=?", min_size=1, max_size=70)
NAMES = st.text("abcdefghijklmnopqrstuvwxyz-_", min_size=1, max_size=12).filter(lambda name: name != "file")
TEXTS = st.text(st.characters(codec="utf-8"), max_size=40)


def part(boundary: str, disposition: str, value: bytes, *lines: str) -> bytes:
    head = "\r\n".join([f"--{boundary}", f"Content-Disposition: form-data; {disposition}", *lines, "", ""])
    return head.encode() + value + b"\r\n"


def form(boundary: str, fields: Iterable[tuple[str, bytes]], file: bytes, more: bytes = b"") -> bytes:
    parts = [part(boundary, f'name="{name}"', value) for name, value in fields]
    parts.append(part(boundary, 'name="file"; filename="a.txt"', file, "Content-Type: text/plain"))
    return b"".join(parts) + more + f"--{boundary}--\r\n".encode()


def read(body: bytes, kind: str = KIND, at: Iterable[int] = (), end: Exception | None = None) -> tuple[Form, bytes]:
    async def work() -> tuple[Form, bytes]:
        made = Form(streamed(*cut(body, at), end=end), kind)
        await made.read_fields()
        return made, b"".join([piece async for piece in made.file()])

    return asyncio.run(work())


def outcome(body: bytes, at: Iterable[int] = ()) -> tuple[str, dict[str, str], bytes]:
    """What becomes of a form; nothing but a refusal may be raised."""
    try:
        made, file = read(body, at=at)
    except ServiceError as error:
        return type(error).__name__, {}, b""
    return f"{made.file_name} {made.file_type}", made.fields, file


# --------------------------------------------------------------------------- what is read
def test_a_form_is_its_fields_and_its_file() -> None:
    made, file = read(form("XX", [("key", b"a/b"), ("Policy", "ü".encode()), ("empty", b"")], b"the file\r\n"))
    assert made.fields == {"key": "a/b", "policy": "ü", "empty": ""}
    assert (made.file_name, made.file_type, file) == ("a.txt", "text/plain", b"the file\r\n")


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_form_reads_the_same_under_every_boundary_and_wherever_it_is_cut(data: st.DataObject) -> None:
    boundary = data.draw(BOUNDARIES)
    mark = f"\r\n--{boundary}".encode()
    fields = data.draw(st.lists(st.tuples(NAMES, TEXTS.map(str.encode)), max_size=4, unique_by=lambda pair: pair[0]))
    near = st.sampled_from([mark[:size] for size in range(1, len(mark))] + [b"\r\n", b"-", b"\r", b"\n--"])
    file = b"".join(data.draw(st.lists(st.one_of(st.binary(max_size=20), near), max_size=8)))
    assume(all(mark not in value + b"\r\n" and mark not in b"\r\n" + value for _, value in fields))
    assume(mark not in file and not (b"\r\n" + file).startswith(mark))
    body = form(boundary, fields, file)
    at = data.draw(st.lists(st.integers(0, len(body)), max_size=10))
    made, read_file = read(body, f'Multipart/Form-Data; charset=utf-8; boundary="{boundary}"', at)
    assert made.fields == {name: value.decode() for name, value in fields}
    assert read_file == file


def test_a_form_comes_byte_by_byte() -> None:
    body = form("XX", [("key", b"k\r\n--X")], b"\r\n--X\r\n\r\n--")
    for at in (range(len(body)), *([border] for border in range(len(body)))):
        made, file = read(body, at=at)
        assert (made.fields, file) == ({"key": "k\r\n--X"}, b"\r\n--X\r\n\r\n--")


def test_what_stands_around_the_parts_is_passed_over() -> None:
    body = form("XX", [("key", b"k")], b"f", part("XX", 'name="after"', b"x"))
    made, file = read(b"preamble\r\n" + body + b"epilogue" * 10_000)
    assert (made.fields, file) == ({"key": "k"}, b"f")


def test_the_last_of_two_fields_of_a_name_counts_and_names_have_no_case() -> None:
    made, _ = read(form("XX", [("Key", b"one"), ("key", b"two")], b""))
    assert made.fields == {"key": "two"}


@pytest.mark.parametrize("head", ["content-disposition", "CONTENT-DISPOSITION", "Content-Disposition "])
def test_names_of_headers_in_a_part_have_no_case(head: str) -> None:
    body = form("XX", [("key", b"k")], b"f").replace(b"Content-Disposition", head.encode())
    assert read(body)[0].fields == {"key": "k"}


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ('filename="photo.png"', "photo.png"),
        ("filename=photo.png", "photo.png"),
        ('filename=""', ""),
        ("", ""),
        ('filename="a;b=c.png"', "a;b=c.png"),
        ('filename="a\\"b.png"', 'a"b.png'),
        ('filename="a%22b.png"', 'a"b.png'),
        ('filename="C:\\pictures\\photo.png"', "C:\\pictures\\photo.png"),
        ('filename="größe.png"', "größe.png"),
        ('filename="a/../../b"', "a/../../b"),
    ],
)
def test_the_file_has_the_name_that_the_browser_gives_it(written: str, name: str) -> None:
    body = part("XX", f'name="file"; {written}', b"f") + b"--XX--\r\n"
    assert read(body)[0].file_name == name


def test_a_long_file_is_given_on_while_it_comes() -> None:
    """As much is held back as could be the beginning of a boundary, and no more."""

    async def work() -> None:
        stream = BodyStream(want=lambda: None, hold=lambda: None)
        made = Form(stream, KIND)
        stream.feed(form("XX", [("key", b"k")], b"")[: -len(b"\r\n--XX--\r\n")])
        await made.read_fields()
        pieces = made.file()
        for number in range(50):
            stream.feed(bytes([number]) * 1_000)
            got = await anext(pieces)
            assert len(got) >= 1_000 - len(b"\r\n--XX")
            assert len(made._buffer) <= len(b"\r\n--XX")
        stream.feed(b"\r\n--XX--")
        stream.end()
        assert sum([len(piece) async for piece in pieces]) == len(b"\r\n--XX")

    asyncio.run(work())


# --------------------------------------------------------------------------- what is refused
@pytest.mark.parametrize(
    "kind",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=" + "x" * 71,
        'multipart/form-data; boundary="a;b"',
        "multipart/form-data; boundary=a\x00b",
        "multipart/form-data; boundary=ü",
        "multipart/form-data; charset=XX",
    ],
)
def test_a_boundary_is_what_the_standard_says(kind: str) -> None:
    with pytest.raises(MalformedForm):
        Form(streamed(), kind)


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(max_codepoint=255), max_size=60))
def test_any_content_type_is_read_or_refused(text: str) -> None:
    for kind in (text, f"multipart/form-data; {text}", f"multipart/form-data; boundary={text}", f"a; boundary*={text}"):
        try:
            Form(streamed(), kind)
        except MalformedForm:
            continue


def test_a_form_that_breaks_off_is_refused_wherever_it_does() -> None:
    body = form("XX", [("key", b"k")], b"file")
    whole = len(body) - len(b"--\r\n")
    for size in range(len(body)):
        if size >= whole:
            assert outcome(body[:size])[2] == b"file"
        else:
            assert outcome(body[:size])[0] == "MalformedForm"


def test_a_client_that_goes_away_is_no_malformed_form() -> None:
    body = form("XX", [("key", b"k")], b"file" * 100)
    for size in (0, 10, len(body) - 200):
        with pytest.raises(Disconnected):
            read(body[:size], end=Disconnected("gone"))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\r\n",
        b"no boundary",
        b"--XX",
        b"--XXY\r\n\r\n",
        b"--XX\r\nContent-Disposition: form-data\r\n\r\nx\r\n--XX--",
        b"--XX\r\nContent-Disposition: form-data; name\r\n\r\nx\r\n--XX--",
        b"--XX\r\nno colon\r\n\r\nx\r\n--XX--",
        b'--XX\r\nContent-Disposition: form-data; name="a"\r\n\r\n\xff\r\n--XX--',
        b'--XX\r\nContent-Disposition: form-data; name="file"\r\n\r\nnever ends',
        b'--YY\r\nContent-Disposition: form-data; name="file"\r\n\r\nx\r\n--YY--',
    ],
)
def test_what_is_no_form_is_refused(body: bytes) -> None:
    assert outcome(body)[0] == "MalformedForm"


@pytest.mark.parametrize("fields", [[], [("key", b"k")]])
def test_a_form_has_a_file(fields: list[tuple[str, bytes]]) -> None:
    body = b"".join(part("XX", f'name="{name}"', value) for name, value in fields) + b"--XX--\r\n"
    with pytest.raises(WrongNumberOfFiles):
        read(body)


PIECES: list[Any] = [
    b"--XX",
    b"\r\n",
    b"--",
    b'Content-Disposition: form-data; name="a"',
    b'Content-Disposition: form-data; name="file"; filename="b"',
    b"Content-Disposition: form-data; name=c",
    b"Content-Type: x/y",
    b":",
    b"\xff",
    b"x" * 3_000,
]


@settings(max_examples=300, deadline=None)
@given(
    parts=st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=5)), max_size=25),
    borders=st.lists(st.integers(0, 30_000), max_size=6),
)
def test_whatever_is_sent_means_the_same_in_one_piece_and_in_many(parts: list[bytes], borders: list[int]) -> None:
    body = b"".join(parts)
    assert outcome(body) == outcome(body, borders)


# --------------------------------------------------------------------------- bounds
def _with_fields_of(size: int) -> bytes:
    """A form whose bytes before the file, the file's own head with them, are so many."""
    body = form("XX", [("a", b"")], b"file")
    before = body.index(b"file\r\n--XX--")
    return form("XX", [("a", b"x" * (size - before))], b"file")


def test_the_fields_may_be_as_long_as_s3_says_and_no_longer() -> None:
    """S3 User Guide, "Creating an HTML form": 20 KB before the file, give or take a few line ends."""
    for size, answer in ((FIELDS_BYTES_MAX - 10, "a.txt text/plain"), (FIELDS_BYTES_MAX + 10, "FormTooLong")):
        for at in ([], [100], range(0, size, 997)):
            assert outcome(_with_fields_of(size), at)[0] == answer


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"", b"preamble"),
        (b"--XX\r\n", b"X-Endless: head\r\n"),
        (b'--XX\r\nContent-Disposition: form-data; name="a"\r\n\r\n', b"value"),
        (b"", b'--XX\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n'),
        (b"--XX\r\nContent-Disposition: form-data; ", b"name="),
    ],
)
def test_what_comes_before_the_file_is_bounded_while_it_comes(start: bytes, piece: bytes) -> None:
    async def work() -> int:
        stream = BodyStream(want=lambda: None, hold=lambda: None)
        made = Form(stream, KIND)
        reading = asyncio.ensure_future(made.read_fields())
        stream.feed(start or piece)
        fed = 0
        while not reading.done():
            stream.feed(piece)
            fed += len(piece)
            await asyncio.sleep(0)
            assert fed < 10 * FIELDS_BYTES_MAX, "it never ends"
        with pytest.raises(FormTooLong) as refused:
            await reading
        assert refused.value.code == "MaxPostPreDataLengthExceededError"
        return len(made._buffer)

    assert asyncio.run(work()) < 2 * FIELDS_BYTES_MAX
