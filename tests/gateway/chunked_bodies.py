"""Bodies in the `aws-chunked` coding, written and signed from the documentation alone."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fogstead.gateway.signature import Claim, Scope

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
SCOPE = Scope("AKIAIOSFODNN7EXAMPLE", "20130524", "us-east-1", "s3")
DATE = "20130524T000000Z"
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
SEED = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
UNSIGNED = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
SIGNED_TRAILERS = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"


def claim_of(signature: str = SEED) -> Claim:
    """What the head of the documentation's example claims."""
    return Claim(SCOPE, ("host",), signature, DATE, 0)


def key_of(secret: str = SECRET) -> bytes:
    """The key of the example's day."""
    key = f"AWS4{secret}".encode()
    for part in (SCOPE.date, SCOPE.region, SCOPE.service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


@dataclass
class Chain:
    """Signs one thing after another, each with the signature before it."""

    previous: str = SEED

    def sign(self, kind: str, *hashes: str) -> str:
        """The next signature."""
        scope = f"{SCOPE.date}/{SCOPE.region}/{SCOPE.service}/aws4_request"
        text = "\n".join([kind, DATE, scope, self.previous, *hashes])
        self.previous = hmac.new(key_of(), text.encode(), hashlib.sha256).hexdigest()
        return self.previous

    def chunk(self, data: bytes) -> str:
        """The signature of a chunk."""
        return self.sign("AWS4-HMAC-SHA256-PAYLOAD", EMPTY, hashlib.sha256(data).hexdigest())

    def trailers(self, trailers: Mapping[str, str]) -> str:
        """The signature of what follows the chunks."""
        text = "".join(f"{name}:{value}\n" for name, value in sorted(trailers.items()))
        return self.sign("AWS4-HMAC-SHA256-TRAILER", hashlib.sha256(text.encode()).hexdigest())


def body_of(form: str, pieces: Iterable[bytes], trailers: Mapping[str, str] | None = None, seed: str = SEED) -> bytes:
    """The body of a request: its pieces, the empty chunk, and the trailers."""
    chain, out = Chain(seed), []
    for piece in [*pieces, b""]:
        signature = f";chunk-signature={chain.chunk(piece)}" if form != UNSIGNED else ""
        out.append(f"{len(piece):x}{signature}\r\n".encode() + (piece + b"\r\n" if piece else b""))
    lines = dict(trailers or {})
    if form == SIGNED_TRAILERS:
        lines["x-amz-trailer-signature"] = chain.trailers(trailers or {})
    out += [f"{name}:{value}\r\n".encode() for name, value in lines.items()]
    return b"".join(out) + b"\r\n"
