"""Law 1: nobody gets in without a good signature and permission, and nobody learns what there is."""

from __future__ import annotations

from collections.abc import Callable

from fogstead.kernel.service import DeclaredOperation
from laws.examples import Examples
from laws.exceptions import MAY_TELL, NEEDS_NO_PERMISSION
from laws.law import cases, law, wire_codes
from laws.wire import Caller, Reply


def _takes_anonymous(operation: DeclaredOperation) -> bool:
    """Whether the service has callers that sign nothing, whom the owner of a resource may let in."""
    return bool(operation.service.model.metadata.get("anonymous"))


SIGNED = law(1, "a request without a good signature is refused", lambda one: one.model.data.get("authtype") != "none")
ANONYMOUS = law(1, "an anonymous request is denied", _takes_anonymous)
# The names of what belongs to an account mean, to a root of another, things of that other one.
PERMITTED = law(
    1, "a stranger is denied and learns nothing", lambda one: one.on is not None and one.on.scope != "account"
)

USERS = law(
    1, "a user without a policy is denied and learns nothing", lambda one: one.action not in NEEDS_NO_PERMISSION
)

_UNSIGNED = {"MissingAuthenticationToken", "MissingAuthenticationTokenException"}
_WRONG_SECRET = {"InvalidSignatureException", "SignatureDoesNotMatch"}
_UNKNOWN_KEY = {"UnrecognizedClientException", "InvalidClientTokenId", "InvalidAccessKeyId"}
_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}


@cases(SIGNED, protocols=True)
def test_a_request_without_a_good_signature_is_refused(
    operation: DeclaredOperation, protocol: str, owner: Caller, examples: Callable[[str], Examples]
) -> None:
    service = operation.service.name
    given = examples(service).input_of(operation.name)
    for caller, codes in (
        *([] if _takes_anonymous(operation) else [(owner.of(signs=False), _UNSIGNED)]),
        (owner.of(secret="wrong"), _WRONG_SECRET),
        (owner.of(account="nobody"), _UNKNOWN_KEY),
    ):
        reply = caller.call(service, operation.name, given, protocol)
        assert (reply.status, reply.is_any_of(codes)) == (_status(operation, protocol), True), (
            f"{reply.status} {reply.code} {reply.message}"
        )
        assert not reply.output


@cases(ANONYMOUS, protocols=True)
def test_an_anonymous_request_is_denied(
    operation: DeclaredOperation, protocol: str, owner: Caller, examples: Callable[[str], Examples]
) -> None:
    service = operation.service.name
    given = examples(service).input_of(operation.name)
    reply = owner.of(signs=False).call(service, operation.name, given, protocol)
    assert (reply.status, reply.is_any_of(_DENIED)) == (_status(operation, protocol), True), (
        f"{reply.status} {reply.code} {reply.message}"
    )
    assert not reply.output


@cases(PERMITTED, protocols=True)
def test_a_stranger_is_denied_and_learns_nothing(
    operation: DeclaredOperation, protocol: str, owner: Caller, stranger: Caller, examples: Callable[[str], Examples]
) -> None:
    service, resource = operation.service.name, operation.on
    assert resource is not None
    known = examples(service)
    pointers = known.make(resource.__name__)
    given = known.input_of(operation.name, pointers)
    there = stranger.call(service, operation.name, given, protocol)
    assert (there.status, there.is_any_of(_DENIED)) == (_status(operation, protocol), True), (
        f"{there.status} {there.code} {there.message}"
    )
    assert not there.output

    known.delete(resource.__name__, pointers)
    _tells_nothing(operation, there, stranger.call(service, operation.name, given, protocol))


@cases(USERS)
def test_a_user_without_a_policy_is_denied_and_learns_nothing(
    operation: DeclaredOperation, powerless: Caller, examples: Callable[[str], Examples]
) -> None:
    service, resource = operation.service.name, operation.on
    known = examples(service)
    pointers = known.make(resource.__name__) if resource is not None else None
    given = known.input_of(operation.name, pointers) if pointers is not None else known.input_of(operation.name)
    there = powerless.call(service, operation.name, given)
    status = _status(operation, operation.service.model.protocols[0])
    _is_refused(there, status, _DENIED)
    assert not there.output
    if resource is not None:
        assert pointers is not None
        known.delete(resource.__name__, pointers)
        _tells_nothing(operation, there, powerless.call(service, operation.name, given))


def _tells_nothing(operation: DeclaredOperation, there: Reply, gone: Reply) -> None:
    """Whoever is denied hears the same of what is there and of what is not, but where AWS itself tells."""
    service = operation.service
    if service.name in MAY_TELL:
        code = MAY_TELL[service.name]
        codes = wire_codes(service, code)
        assert (gone.status, gone.is_any_of(codes)) == (service.errors[code].status, True)
    else:
        assert _said(gone) == _said(there)


def _is_refused(reply: Reply, status: int, codes: set[str]) -> None:
    assert (reply.status, reply.is_any_of(codes)) == (status, True), f"{reply.status} {reply.code} {reply.message}"


def _status(operation: DeclaredOperation, protocol: str) -> int:
    """Services born on the JSON protocols turn callers away with 400, all others with 403."""
    born_on_json = protocol == "json" and "awsQueryCompatible" not in operation.service.model.metadata
    return 400 if born_on_json else 403


def _said(reply: Reply) -> tuple[object, ...]:
    return reply.status, reply.code, reply.message, sorted(reply.headers)
