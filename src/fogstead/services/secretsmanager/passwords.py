"""GetRandomPassword."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

from fogstead.kernel.transaction import Transaction
from fogstead.services.secretsmanager.drawing import number_below, signs
from fogstead.services.secretsmanager.service import InvalidParameter, InvalidRequest, secretsmanager

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fogstead.shapes.secretsmanager import GetRandomPasswordRequest, GetRandomPasswordResponse

LENGTH_DEFAULT, LENGTH_MAX = 32, 4096
_KINDS = {
    "ExcludeLowercase": string.ascii_lowercase,
    "ExcludeUppercase": string.ascii_uppercase,
    "ExcludeNumbers": string.digits,
    "ExcludePunctuation": string.punctuation,
}


@secretsmanager.operation()
def get_random_password(tx: Transaction, req: GetRandomPasswordRequest) -> GetRandomPasswordResponse:
    """Signs drawn at random; at least one of each kind unless that is not wanted."""
    length = req.get("PasswordLength", LENGTH_DEFAULT)
    kinds = _kinds(req)
    if not kinds:
        raise InvalidRequest("The password has no characters left to be made of.")
    if not req.get("RequireEachIncludedType", True):
        return {"RandomPassword": signs(tx.random, "".join(kinds), length)}
    if length < len(kinds):
        raise InvalidParameter("The password length requested is too short based on the required types.")
    drawn = [signs(tx.random, kind, 1) for kind in kinds]
    drawn += signs(tx.random, "".join(kinds), length - len(kinds))
    for at in range(length - 1, 0, -1):
        other = number_below(tx.random, at + 1)
        drawn[at], drawn[other] = drawn[other], drawn[at]
    return {"RandomPassword": "".join(drawn)}


def _kinds(given: Mapping[str, object]) -> list[str]:
    """The signs of each kind that is wanted, without those that are not."""
    unwanted = set(str(given.get("ExcludeCharacters", "")))
    wanted = [kind for member, kind in _KINDS.items() if not given.get(member)]
    if given.get("IncludeSpace"):
        wanted.append(" ")
    left = ["".join(sign for sign in kind if sign not in unwanted) for kind in wanted]
    return [kind for kind in left if kind]
