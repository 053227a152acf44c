"""Who sent a request: its claim checked against the secrets that the kernel knows."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from fogstead.gateway import signature, signature_v2
from fogstead.gateway.exchanges import Exchange
from fogstead.gateway.hosts import is_loopback
from fogstead.gateway.http1 import Head
from fogstead.gateway.routing import Route
from fogstead.gateway.signature import Claim, Verifier
from fogstead.kernel.access_keys import account_of
from fogstead.kernel.cloud import Cloud
from fogstead.kernel.errors import ServiceError, declare
from fogstead.kernel.identities import Unread
from fogstead.kernel.identity import (
    ANONYMOUS,
    DEFAULT_ACCOUNT,
    Credential,
    Principal,
    is_account,
    root_of,
)

DEFAULT_REGION = "us-east-1"
_REGION = re.compile(r"[a-z]{2,}(?:-[a-z]+)+-\d{1,2}\Z")
_SIGNED_URL = re.compile(r"(?:^|&)(?:X-Amz-Algorithm|Signature)=")
_ANYBODY = Credential("", "", ANONYMOUS)

UnsupportedAuthorization = declare(
    "UnsupportedAuthorization",
    "InvalidArgument",
    "Unsupported Authorization Type",
)


WrongRegion = declare("WrongRegion", "AuthorizationHeaderMalformed", "The authorization header is malformed.")
OneMechanism = declare(
    "OneMechanism",
    "InvalidArgument",
    "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or "
    "the Authorization header should be specified",
)


class Authenticator:
    """Finds the credential that signed a request."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._verifier = Verifier()

    def authenticate(self, exchange: Exchange, claim: Claim | None, route: Route, bucket: str) -> Credential:
        """The credential whose secret signed the request; in mode `off` whoever it says it is."""
        cloud, head = self._cloud, exchange.head
        s3 = route.model.signing_name == "s3"
        if cloud.auth == "off":
            return Credential("", "", _claimed(claim))
        if claim is None:
            return self._without_v4(head, route, bucket if s3 else None)
        if s3 and "authorization" in head.headers and _SIGNED_URL.search(head.query):
            raise OneMechanism
        if s3 and _REGION.match(claim.scope.region) is None:
            raise WrongRegion(
                f"The authorization header is malformed; the region '{claim.scope.region}' is wrong; expecting "
                f"'{DEFAULT_REGION}'",
                Region=DEFAULT_REGION,
            )
        credential = self._find(claim.scope.access_key, claim.session_token)
        signature.check_time(claim, cloud.clock.true_now())
        self._refuse_expired(claim)
        if _body_unsigned(head, route):
            payload_hash = signature.UNSIGNED
        elif exchange.stream is not None:
            payload_hash = signature.declared_hash_of(head, claim)
        else:
            payload_hash = signature.payload_hash_of(head, claim, exchange.body, s3=s3)
        self._verifier.verify(head, claim, credential.secret, payload_hash, s3_paths=s3)
        if s3:
            signature.refuse_unsigned_headers(head, claim)
        if claim.scope.service != route.model.signing_name:
            raise signature.SignatureMismatch(
                f"Credential should be scoped to correct service: '{route.model.signing_name}'."
            )
        return credential

    def _without_v4(self, head: Head, route: Route, bucket: str | None) -> Credential:
        """Anonymous callers, where there may be some, and S3's older signatures (`bucket` is None elsewhere)."""
        if bucket is not None:
            older = signature_v2.read_claim(head)
            if older is not None:
                return self._verify_v2(head, older, bucket)
            if "authorization" in head.headers:
                text = head.headers["authorization"]
                raise UnsupportedAuthorization(ArgumentName="Authorization", ArgumentValue=text)
        if _anonymous_allowed(route):
            return _ANYBODY
        raise signature.MissingToken

    def _verify_v2(self, head: Head, claim: signature_v2.ClaimV2, bucket: str) -> Credential:
        credential = self._find(claim.access_key, claim.session_token)
        signature_v2.check_time(head, claim, self._cloud.clock.true_now())
        signature_v2.verify(head, claim, credential.secret, f"/{bucket}{head.path}" if bucket else head.path)
        return credential

    def _find(self, access_key: str, session_token: str | None) -> Credential:
        """The key's credential; `Unread` when nobody has looked it up yet."""
        credential = self._cloud.identities.find(access_key, session_token)
        if credential is None:
            raise signature.UnknownKey(AWSAccessKeyId=access_key)
        return credential

    async def _find_read(self, access_key: str, session_token: str | None) -> Credential:
        while True:
            try:
                return self._find(access_key, session_token)
            except Unread as unread:
                await self._cloud.identities.load(unread.access_key, unread.token)

    def chunk_key(self, credential: Credential, claim: Claim | None) -> bytes | None:
        """What the chunks of a body are signed with; None when nothing is checked."""
        if claim is None or not credential.secret:
            return None
        return self._verifier.key(credential.secret, claim.scope)

    async def authenticate_form(self, fields: Mapping[str, str]) -> tuple[Principal, str]:
        """Who signed the policy in a form's fields, and for which Region; anonymous without a policy."""
        policy = fields.get("policy", "")
        if self._cloud.auth == "off" or ("x-amz-signature" not in fields and "signature" not in fields):
            return (root_of(DEFAULT_ACCOUNT) if self._cloud.auth == "off" else ANONYMOUS), DEFAULT_REGION
        token = fields.get("x-amz-security-token")
        if "x-amz-signature" in fields:
            scope = signature.scope_of(fields.get("x-amz-credential", ""))
            credential = await self._find_read(scope.access_key, token)
            key = self._verifier.key(credential.secret, scope)
            expected = hmac.digest(key, policy.encode("utf-8"), "sha256").hex()
            good = hmac.compare_digest(expected.encode("ascii"), fields["x-amz-signature"].encode("utf-8"))
            region = scope.region
        else:
            credential = await self._find_read(fields.get("awsaccesskeyid", ""), token)
            good = signature_v2.same_signature(credential.secret, policy, fields["signature"])
            region = DEFAULT_REGION
        if not good:
            raise signature.SignatureMismatch
        return credential.principal, region

    def takes_as_anonymous(self, head: Head) -> bool:
        """Whether a request can do no more than anybody may; an unsigned one can where not everything is enforced."""
        signed = "authorization" in head.headers or "Signature=" in head.query
        return not signed and self._cloud.auth == "enforce"

    def _refuse_expired(self, claim: Claim) -> None:
        """Expiry is shown in true time and checked in cloud time, so moving the clock expires links."""
        if claim.expires_seconds is None:
            return
        clock = self._cloud.clock
        # The date names a second: whatever happened to the clock within it was before the signature.
        ends = clock.cloud_time_of(claim.signed_at + 999) - 999 + claim.expires_seconds * 1000
        if clock.now() > ends:
            shown: dict[str, Any] = {"X-Amz-Expires": claim.expires_seconds, "Expires": _iso(ends)}
            raise signature.SignatureExpired(None, ServerTime=_iso(clock.now()), **shown)

    def trusts(self, exchange: Exchange) -> bool:
        """A root key signed it, or a program on this machine sent it (a browser would say its Origin)."""
        head = exchange.head
        claim = claim_or_none(head)
        if claim is None:
            browser = "origin" in head.headers or head.headers.get("sec-fetch-site", "none") != "none"
            return is_loopback(exchange.peer) and not browser
        credential = self._cloud.credentials.find(claim.scope.access_key)
        if credential is None or not credential.principal.is_root:
            return False
        try:
            signature.check_time(claim, self._cloud.clock.true_now())
            self._refuse_expired(claim)
            payload_hash = signature.payload_hash_of(head, claim, exchange.body, s3=False)
            self._verifier.verify(head, claim, credential.secret, payload_hash)
        except ServiceError:
            return False
        return True


def claim_or_none(head: Head) -> Claim | None:
    """What a request claims, where it is not required to claim anything."""
    try:
        return signature.read_claim(head)
    except ServiceError:
        return None


class Signed(NamedTuple):
    """How a request was signed, as conditions ask: see `Origin`."""

    auth_type: str = ""
    version: str = ""
    at: int = 0


UNSIGNED = Signed()


def signed_facts(head: Head, claim: Claim | None) -> Signed:
    """The facts of a request that was let in."""
    if claim is not None:
        kind = "REST-QUERY-STRING" if claim.presigned else "REST-HEADER"
        return Signed(kind, signature.ALGORITHM, claim.signed_at)
    if "authorization" in head.headers:
        return Signed("REST-HEADER", "AWS")
    return Signed("REST-QUERY-STRING", "AWS") if "Signature=" in head.query else UNSIGNED


def signed_form(fields: Mapping[str, str]) -> Signed:
    """The facts of a form that was let in."""
    if "x-amz-signature" in fields:
        return Signed("POST", signature.ALGORITHM)
    return Signed("POST", "AWS") if "signature" in fields else UNSIGNED


def _iso(millis: int) -> str:
    return datetime.fromtimestamp(millis // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _claimed(claim: Claim | None) -> Principal:
    """In mode `off` an access key still says whose account it is."""
    key = claim.scope.access_key if claim is not None else ""
    return root_of(key if is_account(key) else account_of(key) or DEFAULT_ACCOUNT)


def _anonymous_allowed(route: Route) -> bool:
    """Operations the model marks as needing no signature, and those whose resources may be open to everyone."""
    return route.operation.data.get("authtype") == "none" or route.model.metadata.get("anonymous", False)


def _body_unsigned(head: Head, route: Route) -> bool:
    """Some operations' bodies need no hash over TLS; the model says which."""
    data = route.operation.data
    allowed = data.get("authtype") == "v4-unsigned-body" or data.get("unsignedPayload")
    return bool(allowed) and head.headers.get("x-amz-content-sha256") == signature.UNSIGNED
