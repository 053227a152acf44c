"""What S3 takes of bytes while they come: their MD5, and the checksums that were asked for or are always kept."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, Final

from fogstead.kernel.bodies import Incoming
from fogstead.primitives.checksums import HEADERS, start
from fogstead.services.s3 import checksums
from fogstead.services.s3.service import BadDigest, EntityTooLarge, InvalidDigest, InvalidRequest

UPLOAD_BYTES_MAX: Final = 5 * 1024**3
"""Of one PUT, one part or one form."""

ONE_ZONE_CLASSES: Final = frozenset({"ONEZONE_IA", "REDUCED_REDUNDANCY"})
_ASKING: Final = frozenset({"ChecksumAlgorithm", *checksums.MEMBERS.values()})
_BY_HEADER: Final = {header: algorithm for algorithm, header in HEADERS.items()}


class Intake:
    """See `kernel.bodies.Hashes`. `algorithm` is the checksum the sender wants verified, or empty."""

    def __init__(self, given: Mapping[str, Any], computed: str = "") -> None:
        """`computed` is one more checksum to take, which nobody promised."""
        self.one_zone = given.get("StorageClass") in ONE_ZONE_CLASSES
        self._content_md5 = _content_md5(given.get("ContentMD5"))
        self.algorithm, self._wanted = _asked(given)
        self._md5 = hashlib.md5(usedforsecurity=False)
        wanted = {self.algorithm or computed or checksums.DEFAULT, *self._always}
        self._running = {name: start(name) for name in wanted}

    _always: tuple[str, ...] = ()

    @property
    def etag(self) -> str:
        """The MD5 in hexadecimal digits."""
        return self._md5.hexdigest()

    def checksum(self, algorithm: str) -> str:
        """A checksum as it is kept; only of an algorithm that was computed."""
        return checksums.encoded(self._running[algorithm].digest())

    @property
    def kept_algorithm(self) -> str:
        """The algorithm whose checksum is kept with an object."""
        return self.algorithm or checksums.DEFAULT

    def update(self, data: bytes, /) -> None:
        """See `Hashes.update`."""
        self._md5.update(data)
        for running in self._running.values():
            running.update(data)

    def expect(self, size: int | None) -> None:
        """EntityTooLarge past 5 GiB."""
        if size is not None and size > UPLOAD_BYTES_MAX:
            raise EntityTooLarge(ProposedSize=size, MaxSizeAllowed=UPLOAD_BYTES_MAX)

    def check(self, size: int, trailers: Mapping[str, str]) -> None:
        """BadDigest when the bytes are not those that were promised, before or behind them."""
        self.expect(size)
        if self._content_md5 is not None and not hmac.compare_digest(self._content_md5, self._md5.digest()):
            raise BadDigest(
                ExpectedDigest=self._content_md5.hex(),
                CalculatedDigest=base64.b64encode(self._md5.digest()).decode("ascii"),
            )
        if not self.algorithm:
            return
        wanted = self._wanted
        if wanted is None:
            text = trailers.get(HEADERS[self.algorithm])
            wanted = checksums.decoded(self.algorithm, text) if text is not None else None
        if wanted is not None and wanted != self._running[self.algorithm].digest():
            raise BadDigest(f"The {self.algorithm} you specified did not match the calculated checksum.")


class PartIntake(Intake):
    """Of a part the default checksum is always taken, for the whole may need it."""

    _always = (checksums.DEFAULT,)


def _content_md5(text: str | None) -> bytes | None:
    if text is None:
        return None
    try:
        digest = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    if len(digest) != 16:
        raise InvalidDigest(**{"Content-MD5": text})
    return digest


def _asked(given: Mapping[str, Any]) -> tuple[str, bytes | None]:
    """The algorithm to verify, and the value where it came with the head; else it comes behind the body."""
    body = given.get("Body")
    announced = body.announced if isinstance(body, Incoming) else frozenset()
    if not announced and _ASKING.isdisjoint(given):
        return "", None
    said = {name: given[member] for name, member in checksums.MEMBERS.items() if given.get(member) is not None}
    trailing = [_BY_HEADER[name] for name in announced if name in _BY_HEADER]
    if len(said) + len(trailing) > 1:
        raise InvalidRequest("Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
    named = given.get("ChecksumAlgorithm")
    if named and (said or trailing) and named not in {*said, *trailing}:
        raise InvalidRequest("Value for x-amz-sdk-checksum-algorithm header is invalid.")
    if said:
        name, text = next(iter(said.items()))
        return name, checksums.decoded(name, text)
    if trailing:
        return trailing[0], None
    if named:
        raise InvalidRequest(
            "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers "
            "were found."
        )
    return "", None
