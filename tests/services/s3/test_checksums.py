"""Each algorithm against published values, parts against the whole, and the model against the tables."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fogstead.model.standard import standard_models
from fogstead.services.s3 import checksums
from fogstead.services.s3.service import InvalidRequest

# Of b"123456789" where the algorithm's catalogue gives it, else of no bytes at all.
PUBLISHED = {
    "CRC32": (b"123456789", "cbf43926"),
    "CRC32C": (b"123456789", "e3069283"),
    "CRC64NVME": (b"123456789", "ae8b14860a799888"),
    "MD5": (b"", "d41d8cd98f00b204e9800998ecf8427e"),
    "SHA1": (b"", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
    "SHA256": (b"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    "SHA512": (b"", hashlib.sha512().hexdigest()),
    "XXHASH64": (b"", "ef46db3751d8e999"),
    "XXHASH3": (b"", "2d06800538d394c2"),
    "XXHASH128": (b"", "99aa06d3014798d86001c324468d497f"),
}


def digest_of(algorithm: str, *pieces: bytes) -> bytes:
    running = checksums.start(algorithm)
    for piece in pieces:
        running.update(piece)
    return running.digest()


@pytest.mark.parametrize("algorithm", checksums.ALGORITHMS)
def test_an_algorithm_gives_the_published_value(algorithm: str) -> None:
    data, digest = PUBLISHED[algorithm]
    assert digest_of(algorithm, data).hex() == digest


@pytest.mark.parametrize("algorithm", checksums.ALGORITHMS)
@given(pieces=st.lists(st.binary(max_size=300), max_size=6))
def test_pieces_give_what_the_whole_gives(algorithm: str, pieces: list[bytes]) -> None:
    assert digest_of(algorithm, *pieces) == digest_of(algorithm, b"".join(pieces))


@pytest.mark.parametrize("algorithm", checksums.ALGORITHMS)
def test_memory_views_are_taken_in_and_a_digest_may_be_read_on_the_way(algorithm: str) -> None:
    running = checksums.start(algorithm)
    running.update(memoryview(b"abcd")[:2])
    first = running.digest()
    running.update(bytearray(b"cd"))
    assert (first, running.digest()) == (digest_of(algorithm, b"ab"), digest_of(algorithm, b"abcd"))


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "CRC64NVME"])
@given(parts=st.lists(st.binary(max_size=400), max_size=8))
def test_the_parts_checksums_combine_to_the_checksum_of_the_whole(algorithm: str, parts: list[bytes]) -> None:
    known = [(digest_of(algorithm, part), len(part)) for part in parts]
    assert checksums.combine(algorithm, known) == digest_of(algorithm, b"".join(parts))


def test_a_composite_is_the_checksum_of_the_checksums_and_their_number() -> None:
    digests = [hashlib.sha256(part).digest() for part in (b"one", b"two", b"three")]
    wanted = base64.b64encode(hashlib.sha256(b"".join(digests)).digest()).decode() + "-3"
    assert checksums.composite("SHA256", iter(digests)) == wanted


@pytest.mark.parametrize("algorithm", checksums.ALGORITHMS)
def test_what_was_encoded_is_decoded(algorithm: str) -> None:
    digest = digest_of(algorithm, b"x")
    assert checksums.decoded(algorithm, checksums.encoded(digest)) == digest


@pytest.mark.parametrize(
    "text", ["", "AAAAAA", "AAAA", "AAAAAAAA", "not base64", "AAAAAA==\n", "ÄÄÄÄÄÄ==", "AAAAAA==-2"]
)
def test_a_value_that_is_no_checksum_is_refused_by_its_header(text: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        checksums.decoded("CRC32", text)
    assert refused.value.message == "Value for x-amz-checksum-crc32 header is invalid."


def test_only_the_crc_family_knows_the_whole_of_a_multipart_object() -> None:
    assert checksums.types_of("CRC64NVME") == ("FULL_OBJECT",)
    assert checksums.types_of("CRC32") == checksums.types_of("CRC32C") == ("COMPOSITE", "FULL_OBJECT")
    others = set(checksums.ALGORITHMS) - {"CRC64NVME", "CRC32", "CRC32C"}
    assert {checksums.types_of(algorithm) for algorithm in others} == {("COMPOSITE",)}


def test_a_type_is_the_default_or_one_the_algorithm_can_do() -> None:
    assert checksums.type_for("CRC32", None) == "COMPOSITE"
    assert checksums.type_for("CRC32", "FULL_OBJECT") == "FULL_OBJECT"
    with pytest.raises(InvalidRequest) as refused:
        checksums.type_for("SHA256", "FULL_OBJECT")
    assert refused.value.message == ("The FULL_OBJECT checksum type cannot be used with the sha256 checksum algorithm.")


def test_the_tables_are_those_of_the_model() -> None:
    model = standard_models().load("s3")
    assert set(checksums.ALGORITHMS) == set(model.shapes["ChecksumAlgorithm"]["enum"])
    members = model.shapes["PutObjectRequest"]["members"]
    carried = {
        name: shape["locationName"].lower() for name, shape in members.items() if name in checksums.MEMBERS.values()
    }
    assert carried == {checksums.MEMBERS[one]: checksums.HEADERS[one] for one in checksums.ALGORITHMS}


def test_the_commonest_checksum_needs_no_slow_import() -> None:
    program = (
        "import sys; from fogstead.services.s3 import checksums; checksums.start('CRC32').update(b'x');"
        "print('awscrt' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"
