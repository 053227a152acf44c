"""Signature Version 4, for requests that are made ahead of time and sent as they are."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

DEFAULT_ACCOUNT = "000000000000"
_JSON = "application/x-amz-json-"
_FORM = "application/x-www-form-urlencoded; charset=utf-8"


class Signer:
    """Makes whole HTTP/1.1 requests, signed; the derived keys are kept, as clients do."""

    def __init__(
        self,
        host: str,
        *,
        access_key: str = "test",
        secret: str = "test",
        token: str = "",
        region: str = "us-east-1",
    ) -> None:
        self.host = host
        self.region = region
        self._access_key = access_key
        self._secret = secret
        self._token = token
        self._keys: dict[tuple[str, str], bytes] = {}

    def _key(self, service: str, day: str) -> bytes:
        key = self._keys.get((service, day))
        if key is None:
            key = b"AWS4" + self._secret.encode()
            for part in (day, self.region, service, "aws4_request"):
                key = hmac.digest(key, part.encode(), "sha256")
            self._keys[service, day] = key
        return key

    def sign(
        self,
        service: str,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        *,
        at: float | None = None,
        payload: str = "",
        follows: int | None = 0,
    ) -> bytes:
        """The bytes to send. `target` is a path with an encoded query; every header is signed.

        `payload` is signed in place of the body's digest. So many bytes `follow`, which the caller sends; None when
        they come in chunks.
        """
        when = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(at))
        path, _, query = target.partition("?")
        signed = {"host": self.host, "x-amz-date": when}
        if self._token:
            signed["x-amz-security-token"] = self._token
        signed.update((name.lower(), " ".join(value.split())) for name, value in headers.items())
        names = ";".join(sorted(signed))
        canonical = "\n".join(
            [
                method,
                path if service == "s3" else quote(path, safe="/~"),
                "&".join(sorted(part if "=" in part else f"{part}=" for part in query.split("&") if part)),
                *(f"{name}:{signed[name]}" for name in sorted(signed)),
                "",
                names,
                payload or hashlib.sha256(body).hexdigest(),
            ]
        )
        scope = f"{when[:8]}/{self.region}/{service}/aws4_request"
        text = f"AWS4-HMAC-SHA256\n{when}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        signature = hmac.digest(self._key(service, when[:8]), text.encode(), "sha256").hex()
        lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in signed.items())]
        lines.append(
            f"authorization: AWS4-HMAC-SHA256 Credential={self._access_key}/{scope}, "
            f"SignedHeaders={names}, Signature={signature}"
        )
        lines.append("transfer-encoding: chunked" if follows is None else f"content-length: {len(body) + follows}")
        lines += ["", ""]
        return "\r\n".join(lines).encode() + body

    def json(self, service: str, operation: str, given: Mapping[str, Any], *, version: str = "1.1") -> bytes:
        """A request of the AWS JSON protocol; `operation` is the whole target, such as `TrentService.Encrypt`."""
        body = json.dumps(given, separators=(",", ":")).encode()
        headers = {"content-type": f"{_JSON}{version}", "x-amz-target": operation}
        return self.sign(service, "POST", "/", headers, body)

    def query(self, service: str, version: str, action: str, given: Mapping[str, str] | None = None) -> bytes:
        """A request of the Query protocol."""
        body = urlencode({"Action": action, "Version": version, **(given or {})}).encode()
        return self.sign(service, "POST", "/", {"content-type": _FORM}, body)

    def sqs(self, operation: str, **given: Any) -> bytes:
        """A request for SQS."""
        return self.json("sqs", f"AmazonSQS.{operation}", given, version="1.0")

    def kms(self, operation: str, **given: Any) -> bytes:
        """A request for KMS; blobs are given in base64."""
        return self.json("kms", f"TrentService.{operation}", given)

    def secrets(self, operation: str, **given: Any) -> bytes:
        """A request for Secrets Manager."""
        return self.json("secretsmanager", f"secretsmanager.{operation}", given)

    def ssm(self, operation: str, **given: Any) -> bytes:
        """A request for SSM."""
        return self.json("ssm", f"AmazonSSM.{operation}", given)

    def iam(self, action: str, **given: str) -> bytes:
        """A request for IAM."""
        return self.query("iam", "2010-05-08", action, given)

    def sts(self, action: str, **given: str) -> bytes:
        """A request for STS."""
        return self.query("sts", "2011-06-15", action, given)

    def s3(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        *,
        headers: Mapping[str, str] | None = None,
        payload: str = "",
        follows: int | None = 0,
        at: float | None = None,
    ) -> bytes:
        """A request for S3; `target` is a path as it is sent. For `payload` and `follows` see `sign`."""
        payload = payload or hashlib.sha256(body).hexdigest()
        signed = {"x-amz-content-sha256": payload, **(headers or {})}
        return self.sign("s3", method, target, signed, body, at=at, payload=payload, follows=follows)

    def identity(self) -> bytes:
        """STS GetCallerIdentity."""
        return self.sts("GetCallerIdentity")
