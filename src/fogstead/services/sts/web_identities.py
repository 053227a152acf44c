"""Taking a role with a token of an OpenID Connect provider, by callers who sign nothing.

The token is checked against the provider that the role's account has for its issuer, and the trust policy decides about
the provider, seeing the token's claims. Sources: STS API reference, "AssumeRoleWithWebIdentity"; IAM User Guide,
"Available keys for AWS OIDC federation" and "Passing session tags using AssumeRoleWithWebIdentity". The sentences are
those that AWS's users report.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from fogstead.kernel.authority import ProviderFacts
from fogstead.kernel.calls import Call
from fogstead.kernel.errors import AccessDenied, QueryValidationError
from fogstead.kernel.identity import Principal
from fogstead.kernel.resource import home_of
from fogstead.model import iam_facts
from fogstead.primitives.clock import Clock
from fogstead.services.sts.json_web_tokens import NotAToken, Token, is_signed_by, read
from fogstead.services.sts.provider_keys import PROVIDER_KEYS
from fogstead.services.sts.roles import Claim, account_of_role, take
from fogstead.services.sts.service import ExpiredToken, InvalidIdentityToken, RejectedClaim, sts
from fogstead.services.sts.session_tags import SessionTags, tags_of

if TYPE_CHECKING:
    from fogstead.shapes.sts import AssumeRoleWithWebIdentityRequest, AssumeRoleWithWebIdentityResponse

ACTION = "sts:AssumeRoleWithWebIdentity"
_SCHEME = "https://"
_TAGS = "https://aws.amazon.com/tags"
_SOURCE_IDENTITY = "https://aws.amazon.com/source_identity"
_SOURCE_IDENTITY_TEXT = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_SLOT = re.compile(r"\$\{[^}]+\}")
_LEEWAY_MILLIS = 300_000
_TAG_KEY_MAX, _TAG_VALUE_MAX = 128, 256


@sts.operation(decides_itself=True, read_only=True, records_answer=True, refuses=("ProviderId",))
async def assume_role_with_web_identity(
    call: Call, req: AssumeRoleWithWebIdentityRequest
) -> AssumeRoleWithWebIdentityResponse:
    """Credentials of a role for whom a provider vouches that the role trusts."""
    token, account = _read(req["WebIdentityToken"]), account_of_role(req["RoleArn"])
    if not account:
        raise QueryValidationError("Request ARN is invalid")
    provider = await _provider(call, account, _text(token, "iss"))
    audience = _audience(token, provider)
    _refuse_untimely(token, call.cloud.clock)
    keys = await PROVIDER_KEYS.find(provider, token, call.cloud.clock.true_now())
    if not any(is_signed_by(token, key) for key in keys):
        raise InvalidIdentityToken("Token signature is invalid")  # AWS's own words for it are not known
    subject = _text(token, "sub")
    caller = Principal("web", "", provider.arn, f"{provider.arn}:{audience}:{subject}", name=subject)
    claim = Claim(
        _tags(token, caller), _source_identity(token), provider.arn, _condition_keys(token, provider, audience)
    )
    try:
        answer = await take(call, caller, ACTION, cast("Mapping[str, Any]", req), claim)
    except AccessDenied:
        raise AccessDenied(f"Not authorized to perform {ACTION}") from None
    told = {"SubjectFromWebIdentityToken": subject, "Audience": audience, "Provider": provider.arn}
    return cast("AssumeRoleWithWebIdentityResponse", {**answer, **told})


def _read(text: str) -> Token:
    try:
        return read(text)
    except NotAToken:
        raise InvalidIdentityToken from None


async def _provider(call: Call, account: str, issuer: str) -> ProviderFacts:
    arn = f"arn:aws:iam::{account}:oidc-provider/{issuer.removeprefix(_SCHEME)}"
    authority = call.cloud.authority
    found = await call.cloud.transact(home_of(account, ""), lambda tx: authority.provider(tx, arn), read_only=True)
    if found is None or issuer != f"{_SCHEME}{found.url}":
        raise InvalidIdentityToken(f"No OpenIDConnect provider found in your account for {issuer}")
    return found


def _audience(token: Token, provider: ProviderFacts) -> str:
    """Whom the token is for: `azp` where it says so, as AWS documents it for Google, else `aud`."""
    stated = token.claims.get("azp", token.claims.get("aud"))
    audiences = stated if isinstance(stated, list) else [stated]
    for audience in audiences:
        if isinstance(audience, str) and audience in provider.client_ids:
            return audience
    raise InvalidIdentityToken("Incorrect token audience")


def _refuse_untimely(token: Token, clock: Clock) -> None:
    """Tokens are made in true time and expire in cloud time: one that is good for an hour ends when that is over here.

    One that was made in this cloud's future is in cloud time already, as those of providers inside the cloud are.
    """
    issued_at, expires_at = _millis(token, "iat"), _millis(token, "exp")
    inside = issued_at > clock.true_now() + _LEEWAY_MILLIS
    # A claim names a second: whatever happened to the clock within it was before the token.
    issued = issued_at if inside else clock.cloud_time_of(issued_at + 999) - 999
    now, ends = clock.now(), issued + expires_at - issued_at
    if now >= ends:
        raise ExpiredToken(
            f"Token expired: current date/time {now // 1000} must be before the expiration date/time {ends // 1000}"
        )
    begins = max(issued, issued + _millis(token, "nbf") - issued_at if "nbf" in token.claims else 0)
    if begins > now + _LEEWAY_MILLIS:
        raise InvalidIdentityToken("The token is not good yet")  # AWS's own words for it are not known


def _millis(token: Token, name: str) -> int:
    value = token.claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**40:
        raise InvalidIdentityToken(f"Missing a required claim: {name}")
    return int(value * 1000)


def _text(token: Token, name: str) -> str:
    value = token.claims.get(name)
    if not isinstance(value, str) or not value:
        raise InvalidIdentityToken(f"Missing a required claim: {name}")
    return value


def _condition_keys(token: Token, provider: ProviderFacts, audience: str) -> dict[str, str | list[str]]:
    """The claims that AWS documents as keys: three of every provider's, more of some."""
    claims = {**token.claims, "oaud": token.claims.get("aud"), "aud": audience}
    keys: dict[str, str | list[str]] = {}
    for name, value in claims.items():
        key = f"{provider.url}:{name}".lower()
        if name not in {"aud", "sub", "amr"} and not (name.islower() and _documented().fullmatch(key)):
            continue
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            keys[key] = value
        elif isinstance(value, bool):
            keys[key] = "true" if value else "false"
        elif isinstance(value, str | int):
            keys[key] = str(value)
    return keys


@cache
def _documented() -> re.Pattern[str]:
    facts = iam_facts.action(ACTION)
    assert facts is not None
    names = ["[^:]+".join(re.escape(text) for text in _SLOT.split(key)) for key in facts.condition_keys]
    return re.compile("|".join(names).lower())


def _tags(token: Token, caller: Principal) -> SessionTags:
    """Those that the provider vouches for, in either form that AWS documents: nested, or a claim for each."""
    nested = token.claims.get(_TAGS, {})
    if not isinstance(nested, dict):
        raise RejectedClaim
    listed = nested.get("principal_tags", {})
    if not isinstance(listed, dict):
        raise RejectedClaim
    flat = f"{_TAGS}/principal_tags/"
    pairs = [*listed.items(), *((n.removeprefix(flat), v) for n, v in token.claims.items() if n.startswith(flat))]
    transitive = nested.get("transitive_tag_keys", token.claims.get(f"{_TAGS}/transitive_tag_keys", []))
    if not isinstance(transitive, list) or not all(isinstance(one, str) for one in transitive):
        raise RejectedClaim
    return tags_of(caller, [_tag(key, value) for key, value in pairs], transitive)


def _tag(key: str, value: Any) -> tuple[str, str]:
    text = value[0] if isinstance(value, list) and len(value) == 1 else value
    if not isinstance(text, str) or not 1 <= len(key) <= _TAG_KEY_MAX or len(text) > _TAG_VALUE_MAX:
        raise RejectedClaim
    return key, text


def _source_identity(token: Token) -> str:
    found = token.claims.get(_SOURCE_IDENTITY, "")
    if found and (not isinstance(found, str) or not _SOURCE_IDENTITY_TEXT.fullmatch(found)):
        raise RejectedClaim
    return str(found)
