"""Grants given, listed, retired and revoked."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from fogstead.kernel.calls import Call
from fogstead.kernel.catalog import job
from fogstead.kernel.errors import AccessDenied, ValidationError
from fogstead.kernel.identity import is_account
from fogstead.kernel.pages import Page
from fogstead.kernel.resource import Located
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.store import Key as StoreKey
from fogstead.primitives.store import after, end_of
from fogstead.services.kms import grants
from fogstead.services.kms.grants import Grant
from fogstead.services.kms.keys import Key
from fogstead.services.kms.service import (
    GRANTS_PER_KEY_MAX,
    InvalidArn,
    InvalidGrantId,
    LimitExceeded,
    NotFound,
    kms,
)
from fogstead.services.kms.specs import SYMMETRIC
from fogstead.services.kms.usable import end_dry_run, require_enabled

if TYPE_CHECKING:
    from fogstead.shapes.kms import (
        CreateGrantRequest,
        CreateGrantResponse,
        ListGrantsRequest,
        ListRetirableGrantsRequest,
        RetireGrantRequest,
        RevokeGrantRequest,
    )

_PRINCIPAL = re.compile(
    r"arn:aws[\w-]*:(?:iam::\d{12}:(?:root|(?:user|role)/.+)|sts::\d{12}:(?:assumed-role/.+/.+|federated-user/.+))"
)
_GRANT_ID = re.compile(r"[0-9a-f]{64}\Z")
_PAIRS_MAX, _PAIRS_CHARACTERS_MAX = 8, 384


@kms.operation(on=Key, at="KeyId")
def create_grant(tx: Transaction, req: CreateGrantRequest) -> CreateGrantResponse:
    """Counts at once. The same name and parameters give the same grant, with another token."""
    key: Key = tx.resource
    for token in req.get("GrantTokens") or ():
        grants.check_token(tx, token)
    require_enabled(key)
    grant = _asked_for(tx, key, req)
    end_dry_run(req)
    known = grants.named(tx, key, grants.digest_of(grant)) if grant.name else None
    if known is None:
        if key.grants >= GRANTS_PER_KEY_MAX:
            raise LimitExceeded(f"{key.arn} has {GRANTS_PER_KEY_MAX} grants, its quota.")
        grants.keep(tx, key, grant)
        known = grant
    return {"GrantId": known.id, "GrantToken": grants.new_token(tx, key, known.id)}


def _asked_for(tx: Transaction, key: Key, req: CreateGrantRequest) -> Grant:
    operations = tuple(dict.fromkeys(req["Operations"]))
    wrong = [operation for operation in operations if operation not in grants.operations_of(key)]
    if wrong or not operations:
        raise ValidationError(f"Operations {wrong} are not valid for a grant on a key with spec {key.spec_name}.")
    _check_parties(req)
    constraints = _constraints(req, key, operations)
    return Grant(
        id=tx.random(32).hex(),
        key_arn=key.arn,
        name=req.get("Name", ""),
        operations=operations,
        issuing_account=f"arn:aws:iam::{tx.caller.account or key.account}:root",
        created_at=tx.now,
        grantee=_principal(req.get("GranteePrincipal", "")),
        grantee_service=req.get("GranteeServicePrincipal", ""),
        retiring=_principal(req.get("RetiringPrincipal", "")),
        retiring_service=req.get("RetiringServicePrincipal", ""),
        **constraints,
    )


def _check_parties(req: CreateGrantRequest) -> None:
    """Source: API reference, CreateGrant, the members of principals."""
    if bool(req.get("GranteePrincipal")) == bool(req.get("GranteeServicePrincipal")):
        raise ValidationError("You must specify either GranteePrincipal or GranteeServicePrincipal, but not both.")
    if req.get("RetiringPrincipal") and req.get("RetiringServicePrincipal"):
        raise ValidationError("You can specify either RetiringPrincipal or RetiringServicePrincipal, but not both.")
    if req.get("GranteeServicePrincipal"):
        if not (req.get("Constraints") or {}).get("SourceArn"):
            raise ValidationError("A GranteeServicePrincipal requires a SourceArn grant constraint.")
        if not (req.get("RetiringPrincipal") or req.get("RetiringServicePrincipal")):
            raise ValidationError("A GranteeServicePrincipal requires a retiring principal.")


def _principal(text: str) -> str:
    """An account is its root."""
    if is_account(text):
        return f"arn:aws:iam::{text}:root"
    if text and _PRINCIPAL.fullmatch(text) is None:
        raise InvalidArn(f"ARN does not refer to a valid principal: {text[:256]}")
    return text


def _constraints(req: CreateGrantRequest, key: Key, operations: tuple[str, ...]) -> dict[str, Any]:
    given: Mapping[str, Any] = req.get("Constraints") or {}
    equals, subset = given.get("EncryptionContextEquals"), given.get("EncryptionContextSubset")
    for context in (equals, subset):
        if context and (
            len(context) > _PAIRS_MAX or sum(map(len, [*context, *context.values()])) > _PAIRS_CHARACTERS_MAX
        ):
            raise ValidationError(
                f"An encryption context constraint has at most {_PAIRS_MAX} pairs and {_PAIRS_CHARACTERS_MAX} "
                "characters."
            )
    if (equals or subset) and (key.spec_name != SYMMETRIC or "GetPublicKey" in operations):
        raise ValidationError(f"An encryption context constraint is not valid for key spec {key.spec_name}.")
    if equals and subset:
        raise ValidationError("A grant has either EncryptionContextEquals or EncryptionContextSubset.")
    return {"equals": equals, "subset": subset, "source_arn": given.get("SourceArn", "")}


# ------------------------------------------------------------- lists
@kms.operation(on=Key, at="KeyId")
def list_grants(tx: Transaction, req: ListGrantsRequest) -> Page:
    """All of a key, one of them, or one principal's."""
    key: Key = tx.resource
    grant_id, grantee = req.get("GrantId"), _principal(req.get("GranteePrincipal", ""))
    service = req.get("GranteeServicePrincipal")
    if grantee and service:
        raise ValidationError("You can specify either GranteePrincipal or GranteeServicePrincipal, but not both.")
    if service and tx.caller.kind != "service":
        raise ValidationError("GranteeServicePrincipal is only for callers in a service principal.")
    if grant_id is not None and _GRANT_ID.match(grant_id) is None:
        raise InvalidGrantId

    def wanted(grant: Grant) -> bool:
        return (
            grant_id in (None, grant.id) and grantee in ("", grant.grantee) and service in (None, grant.grantee_service)
        )

    return _page(tx, key.shard + grants.ROWS, wanted)


@kms.operation(action="kms:ListRetirableGrants")
def list_retirable_grants(tx: Transaction, req: ListRetirableGrantsRequest) -> Page:
    """What a principal of the caller's account may retire, on keys of any account in this Region."""
    retiring, service = _principal(req.get("RetiringPrincipal", "")), req.get("RetiringServicePrincipal", "")
    if bool(retiring) == bool(service):
        raise ValidationError("You must specify either RetiringPrincipal or RetiringServicePrincipal, but not both.")
    if service and tx.caller.kind != "service":
        raise ValidationError("RetiringServicePrincipal is only for callers in a service principal.")
    if retiring and retiring.split(":")[4] != tx.home.account:
        raise AccessDenied("The retiring principal must be in the account of the caller.")
    return _page(tx, grants.retirable_rows(tx.home, retiring or service))


def _page(tx: Transaction, low: StoreKey, wanted: Callable[[Grant], bool] = lambda _grant: True) -> Page:
    cut = tx.cut(size_default=50, size_max=100)
    start = after(cut.after) if cut.after is not None else low
    shown: list[Any] = []
    last: StoreKey = low
    while rows := tx.keys.scan(start, end_of(low), limit=200):
        for row, raw in rows:
            grant = grants.codec.decode(raw)
            if not wanted(grant):
                continue
            if len(shown) == cut.size:
                return Page(shown, cut.token(last))
            shown.append(_shown(grant))
            last = row
        start = after(rows[-1][0])
    return Page(shown, None)


def _shown(grant: Grant) -> dict[str, Any]:
    constraints = {
        "EncryptionContextEquals": grant.equals,
        "EncryptionContextSubset": grant.subset,
        "SourceArn": grant.source_arn,
    }
    shown = {
        "KeyId": grant.key_arn,
        "GrantId": grant.id,
        "Name": grant.name,
        "CreationDate": grant.created_at,
        "GranteePrincipal": grant.grantee,
        "GranteeServicePrincipal": grant.grantee_service,
        "RetiringPrincipal": grant.retiring,
        "RetiringServicePrincipal": grant.retiring_service,
        "IssuingAccount": grant.issuing_account,
        "Operations": list(grant.operations),
        "Constraints": {name: value for name, value in constraints.items() if value},
    }
    return {name: value for name, value in shown.items() if value}


# ------------------------------------------------------------- the end of a grant
@kms.operation(on=Key, at="KeyId")
def revoke_grant(tx: Transaction, req: RevokeGrantRequest) -> None:
    """By those who manage the key."""
    key: Key = tx.resource
    if _GRANT_ID.match(req["GrantId"]) is None:
        raise InvalidGrantId
    grant = grants.find(tx, key, req["GrantId"])
    if grant is None:
        raise NotFound(f"Grant ID {req['GrantId']} not found")
    end_dry_run(req)
    grants.remove(tx, key, grant)


@kms.operation(decides_itself=True)
async def retire_grant(call: Call, req: RetireGrantRequest) -> None:
    """By those whom the grant names, or who may by policy; named by its token, or by key and id."""
    located, grant_id = _place_of(call, req)
    await call.transact(_retire, located, grant_id, req, home=located.home)


def _place_of(call: Call, req: RetireGrantRequest) -> tuple[Located, str]:
    token = req.get("GrantToken")
    if token:
        key_arn, grant_id = grants.read_token(token)
        return Key.locate(key_arn, call.home), grant_id
    if not (req.get("KeyId") and req.get("GrantId")):
        raise ValidationError("You must specify a GrantToken, or both a KeyId and a GrantId.")
    if _GRANT_ID.match(req["GrantId"]) is None:
        raise InvalidGrantId
    return Key.locate(req["KeyId"], call.home), req["GrantId"]


def _retire(tx: Transaction, located: Located, grant_id: str, req: RetireGrantRequest) -> None:
    if req.get("GrantToken"):
        grants.check_token(tx, req["GrantToken"])
    key: Key | None = tx.at(located)
    grant = grants.find(tx, key, grant_id) if key is not None else None
    if key is None or grant is None:
        if tx.caller.account != located.home.account:
            raise AccessDenied  # strangers do not learn what there is not
        raise NotFound(f"Grant ID {grant_id} not found") if key is not None else Key.not_found(located)
    if not _is_named(tx, grant):
        tx.authorise("kms:RetireGrant", key, "", req)
    end_dry_run(req)
    grants.remove(tx, key, grant)


def _is_named(tx: Transaction, grant: Grant) -> bool:
    """The one who retires it, the one whom it lets retire it, or the root of where it was made."""
    names = grants.names_of(tx.caller)
    by_grantee = grant.grantee in names and "RetireGrant" in grant.operations
    return by_grantee or grant.retiring in names or tx.caller.arn in (grant.issuing_account, grant.retiring_service)


@job("kms.tell-retiring")
async def tell_retiring(call: Call, arguments: dict[str, Any]) -> None:
    """List a grant in the account of the principal who may retire it."""
    grant = grants.codec.decode(base64.b64decode(arguments["grant"]))
    home = grants.retiring_home(grant, call.home)

    def note(tx: Transaction) -> None:
        grants.note_retirable(tx, arguments["key_id"], grant, granted=arguments["granted"])

    await call.transact(note, home=home)
