"""ListSecrets, and the values of several secrets at once."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from fogstead.kernel.calls import Call
from fogstead.kernel.errors import ServiceError
from fogstead.kernel.pages import Page
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.store.packing import pack, pack_int
from fogstead.services.secretsmanager.descriptions import by_version, known
from fogstead.services.secretsmanager.filters import matcher
from fogstead.services.secretsmanager.secrets import Secret
from fogstead.services.secretsmanager.service import InvalidParameter, secretsmanager

if TYPE_CHECKING:
    from fogstead.shapes.secretsmanager import (
        BatchGetSecretValueRequest,
        BatchGetSecretValueResponse,
        ListSecretsRequest,
    )

LISTED_MAX = 100
BATCH_MAX = 20

_ORDERS: dict[str, Callable[[Secret], bytes]] = {
    "created-date": lambda secret: pack_int(secret.created_at),
    "last-accessed-date": lambda secret: pack_int(secret.accessed_on),
    "last-changed-date": lambda secret: pack_int(secret.modified_at),
    "name": lambda _secret: b"",
}


@secretsmanager.operation(lists=Secret, scan=True)
def list_secrets(tx: Transaction, req: ListSecretsRequest) -> Page:
    """By the day they were made unless another order is asked for; no more are held at a time than a page."""
    fits = matcher(req.get("Filters", []))
    order = _ORDERS[req.get("SortBy", "created-date")]
    backwards = req.get("SortOrder", "asc") == "desc"
    cut = tx.cut(size_default=LISTED_MAX, size_max=LISTED_MAX)
    after = cut.after
    waiting_too = bool(req.get("IncludePlannedDeletion"))

    found = (
        (order(secret) + pack(secret.name), secret)
        for secret in tx.all(Secret)
        if fits(secret) and (waiting_too or not secret.deleted_at)
    )
    left = (one for one in found if after is None or (one[0] < after if backwards else one[0] > after))
    pick = heapq.nlargest if backwards else heapq.nsmallest
    page = pick(cut.size + 1, left, key=itemgetter(0))
    token = cut.token(page[cut.size - 1][0]) if len(page) > cut.size else None
    return Page([_listed(secret) for _, secret in page[: cut.size]], token)


def _listed(secret: Secret) -> dict[str, Any]:
    made = known(secret)
    if secret.stages:
        made["SecretVersionsToStages"] = by_version(secret)
    return made


@secretsmanager.operation()
async def batch_get_secret_value(call: Call, req: BatchGetSecretValueRequest) -> BatchGetSecretValueResponse:
    """Each secret is read by a GetSecretValue of its own, with a permission and a record of its own."""
    names, filters = req.get("SecretIdList"), req.get("Filters")
    if bool(names) == bool(filters):
        raise InvalidParameter("Either 'SecretIdList' or 'Filters' must be provided, but not both.")
    paged = {name: req[name] for name in ("MaxResults", "NextToken") if name in req}
    if paged and not filters:
        raise InvalidParameter("You can only use MaxResults and NextToken together with Filters.")
    answer: dict[str, Any] = {"SecretValues": [], "Errors": []}
    services = call.as_caller
    if filters:
        listed = await services.secretsmanager.list_secrets(Filters=filters, **{"MaxResults": BATCH_MAX, **paged})
        names = [secret["ARN"] for secret in listed["SecretList"]]
        if "NextToken" in listed:
            answer["NextToken"] = listed["NextToken"]
    for name in names or ():
        try:
            answer["SecretValues"].append(await services.secretsmanager.get_secret_value(SecretId=name))
        except ServiceError as error:
            if error.status >= 500:
                raise
            answer["Errors"].append({"SecretId": name, "ErrorCode": error.code, "Message": error.message})
    return answer  # type: ignore[return-value]
