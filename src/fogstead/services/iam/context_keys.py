"""Which condition keys a policy looks at: those of its conditions, and its policy variables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from fogstead.kernel.arns import Arn
from fogstead.kernel.identity import is_account
from fogstead.kernel.resource import Located, home_of
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.store import Home
from fogstead.services.iam.groups import Group
from fogstead.services.iam.names import Named
from fogstead.services.iam.policy_documents import SYNTAX, compiled_or_refused, listed, parsed
from fogstead.services.iam.roles import PEOPLE
from fogstead.services.iam.service import InvalidInput, MalformedPolicyDocument, iam
from fogstead.services.iam.standings import texts_of
from fogstead.services.iam.users import User

if TYPE_CHECKING:
    from fogstead.shapes.iam import (
        GetContextKeysForCustomPolicyRequest,
        GetContextKeysForPolicyResponse,
        GetContextKeysForPrincipalPolicyRequest,
    )

SOURCES: dict[str, type[Named]] = {**PEOPLE, "group": Group}
_VARIABLE = re.compile(r"\$\{([^}*?$,]+)(?:,[^}]*)?\}")


def keys_of_statement(statement: Mapping[str, Any]) -> Iterator[str]:
    """As they are written, each as often as it stands there."""
    texts = [*listed(statement.get("Resource", statement.get("NotResource", [])))]
    for keys in statement.get("Condition", {}).values():
        for key, values in keys.items():
            yield key
            texts += listed(values)
    for text in texts:
        yield from _VARIABLE.findall(str(text))


def statements_of(text: str) -> list[Any]:
    """The statements of a policy, as they are written."""
    return listed(parsed(text, SYNTAX)["Statement"])


def checked_inputs(texts: Iterable[str]) -> list[str]:
    """Policies that were given to be looked at; InvalidInput when one is none."""
    checked = []
    for text in texts:
        try:
            compiled_or_refused(text)
        except MalformedPolicyDocument:
            raise InvalidInput(SYNTAX) from None
        checked.append(text)
    return checked


def locate_source(given: Mapping[str, Any], home: Home) -> Located:
    """Where the user, group or role is whose policies are meant; InvalidInput when the ARN is none of theirs."""
    arn = given["PolicySourceArn"]
    try:
        parsed_arn = Arn.parse(arn)
    except ValueError:
        raise InvalidInput(f"Invalid Entity Arn: {arn}") from None
    kind, _, rest = parsed_arn.resource.partition("/")
    cls = SOURCES.get(kind)
    if cls is None or parsed_arn.service != "iam" or not is_account(parsed_arn.account):
        raise InvalidInput(f"Invalid Entity Arn: {arn}")
    path, _, name = f"/{rest}".rpartition("/")
    return cls.place(home_of(parsed_arn.account, home.region), name, f"{path}/")


def source_of(tx: Transaction, arn: str) -> Any:
    """Whose policies are meant; NoSuchEntity when the path is another."""
    entity: Named = tx.resource
    if entity.arn != arn:
        raise entity.not_found(entity.locator)
    return entity


def _answer(texts: Iterable[str]) -> GetContextKeysForPolicyResponse:
    found = (key for text in texts for statement in statements_of(text) for key in keys_of_statement(statement))
    names = {key.lower(): key for key in found}
    return {"ContextKeyNames": sorted(names.values())}


@iam.operation()
def get_context_keys_for_custom_policy(
    tx: Transaction,  # noqa: ARG001 - nothing is looked up
    req: GetContextKeysForCustomPolicyRequest,
) -> GetContextKeysForPolicyResponse:
    """Those of the policies that are given."""
    return _answer(checked_inputs(req["PolicyInputList"]))


@iam.operation(on=User, at="PolicySourceArn", locate=locate_source)
def get_context_keys_for_principal_policy(
    tx: Transaction, req: GetContextKeysForPrincipalPolicyRequest
) -> GetContextKeysForPolicyResponse:
    """Those of the policies that somebody has, and of the ones that are given."""
    source = source_of(tx, req["PolicySourceArn"])
    held = [text for _, text in texts_of(tx, source)]
    return _answer([*held, *checked_inputs(req.get("PolicyInputList", []))])
