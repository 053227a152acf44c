"""Forms: uploads that browsers send, held to the policy that somebody signed for them.

Source: S3 API reference, "POST Object", "POST Policy" and "Browser-based uploads using POST".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from fogstead.kernel.bodies import Received, as_incoming
from fogstead.kernel.calls import Call
from fogstead.kernel.errors import NotImplementedHere
from fogstead.kernel.transaction import Transaction
from fogstead.model.validation import Fault
from fogstead.services.s3 import encryption, form_fields, notices, objects, post_policies
from fogstead.services.s3.buckets import Bucket
from fogstead.services.s3.intake import Intake
from fogstead.services.s3.object_access import part_of_arn
from fogstead.services.s3.post_policies import PostPolicy
from fogstead.services.s3.sealings import UNSEALED
from fogstead.services.s3.service import InvalidArgument, PreconditionFailed, s3

if TYPE_CHECKING:
    from fogstead.shapes.s3 import PostObjectOutput, PostObjectRequest

SIGNED_WITH: Final = "AWS4-HMAC-SHA256"
_NEEDED_V4: Final = ("Policy", "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Signature")
_NEEDED_V2: Final = ("Policy", "AWSAccessKeyId", "Signature")
_STATUSES: Final = {"200": 200, "201": 201}
_TOLD: Final = (
    "ETag",
    "VersionId",
    "ServerSideEncryption",
    "SSEKMSKeyId",
    "SSECustomerAlgorithm",
    "SSECustomerKeyMD5",
)
_PAGE = re.compile(r"https?://[!-~]+")


class FormIntake(Intake):
    """Of a file whose size nobody says before it ends: what is too long is refused while it comes."""

    def __init__(self, put: Mapping[str, Any], policy: PostPolicy | None) -> None:
        super().__init__(put)
        self._policy = policy
        self._size = 0

    def update(self, data: bytes, /) -> None:
        """See `Hashes.update`. EntityTooLarge past 5 GiB, or past what the policy allows."""
        self._size += len(data)
        self.expect(self._size)
        if self._policy is not None and self._policy.size is not None and self._size > self._policy.size.most:
            post_policies.check_size(self._policy, self._size)
        super().update(data)

    def check(self, size: int, trailers: Mapping[str, str]) -> None:
        """See `Intake.check`; EntityTooSmall and EntityTooLarge by the policy."""
        if self._policy is not None:
            post_policies.check_size(self._policy, size)
        super().check(size, trailers)


# --------------------------------------------------------------------------- the upload
def _put_of(given: Mapping[str, Any]) -> Mapping[str, Any]:
    if given.get("Fields") is None:
        raise PreconditionFailed(Condition="Bucket POST must be of the enclosure-type multipart/form-data")
    return form_fields.as_put(given)


@s3.operation(
    on=Bucket,
    at="Bucket",
    action="s3:PutObject",
    part=lambda given: part_of_arn(_put_of(given)),
    data_event=True,
    ignores=("FileType",),
)
async def post_object(call: Call, req: PostObjectRequest) -> PostObjectOutput:
    """As PutObject, by a form. All but the file is checked before the file comes."""
    given, fields = _put_of(req), form_fields.filled(req)
    _check_members(given)
    policy = _policy_of(fields)
    if policy is not None:
        post_policies.check(policy, fields, bucket=given["Bucket"], now=call.cloud.clock.now())
    seal = UNSEALED
    if not encryption.is_plain(call.resource, given):
        seal = await call.transact(lambda tx: encryption.seal(tx, tx.resource, given))
    async with call.receive(as_incoming(req["Body"]), FormIntake(given, policy), seal) as received:
        out: PostObjectOutput = await call.transact(_keep, given, fields, received)
    return out


def _keep(tx: Transaction, given: Mapping[str, Any], fields: Mapping[str, str], received: Received) -> Any:
    bucket: Bucket = tx.resource
    version = objects.put(tx, bucket, given, received)
    notices.created(tx, bucket, given["Key"], version, "Post")
    return _answer(tx, bucket, given["Key"], fields, objects.written(bucket, version, given))


# --------------------------------------------------------------------------- what is refused before the file comes
def _check_members(put: Mapping[str, Any]) -> None:
    """The fields mean what the same members of PutObject do, and are held to the same constraints."""
    for member in objects.LOCKS:
        if put.get(member):
            raise NotImplementedHere(f"{member} is not implemented by this cloud.")
    check = s3.operations["PutObject"].check
    faults: list[Fault] = []
    if check is not None:
        check(put, "", faults)
    if faults:
        raise s3.validation_error(faults)


def _policy_of(fields: Mapping[str, str]) -> PostPolicy | None:
    """The policy, where one was signed; whoever signs, or brings a policy, needs all that belongs to it."""
    by_v4 = any(name.lower() in fields for name in _NEEDED_V4[1:])
    if not by_v4 and not any(name.lower() in fields for name in _NEEDED_V2):
        return None
    for name in _NEEDED_V4 if by_v4 else _NEEDED_V2:
        form_fields.must_have(fields, name)
    if by_v4 and fields["x-amz-algorithm"] != SIGNED_WITH:
        raise InvalidArgument(
            f'X-Amz-Algorithm only supports "{SIGNED_WITH}"',
            ArgumentName="X-Amz-Algorithm",
            ArgumentValue=fields["x-amz-algorithm"],
        )
    return post_policies.read(fields["policy"])


# --------------------------------------------------------------------------- what the browser is answered
def _answer(tx: Transaction, bucket: Bucket, key: str, fields: Mapping[str, str], written: Mapping[str, Any]) -> Any:
    """Another page, where the form names one, or the status that it asks for."""
    out = {name: written[name] for name in _TOLD if name in written}
    etag = written["ETag"]
    page = _page(fields.get("success_action_redirect") or fields.get("redirect", ""), bucket.name, key, etag)
    if page:
        return {**out, "StatusCode": 303, "Location": page}
    location = _location(tx.origin.base_url, bucket.name, key)
    status = _STATUSES.get(fields.get("success_action_status", ""), 204)
    if status == 201:
        out["PostResponse"] = {"Location": location, "Bucket": bucket.name, "Key": key, "ETag": etag}
    return {**out, "StatusCode": status, "Location": location}


def _page(text: str, bucket: str, key: str, etag: str) -> str:
    """The page with what was uploaded in its query; what is no URL counts as absent, as documented."""
    try:
        url = urlsplit(text) if _PAGE.fullmatch(text) else None
    except ValueError:
        url = None
    if url is None or not url.netloc:
        return ""
    added = urlencode({"bucket": bucket, "key": key, "etag": etag}, quote_via=quote, errors="surrogatepass")
    return urlunsplit(url._replace(query=f"{url.query}&{added}" if url.query else added))


def _location(base_url: str, bucket: str, key: str) -> str:
    """The object's URL, on the bucket's own host when the form was sent there."""
    place = base_url if base_url.partition("://")[2].startswith(f"{bucket}.s3") else f"{base_url}/{bucket}"
    return f"{place}/{quote(key, safe='', errors='surrogatepass')}"
