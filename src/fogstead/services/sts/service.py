"""STS: what it refuses, and whom.

The sentences are those that AWS's users report; where none is known, a comment says so.
"""

from __future__ import annotations

from fogstead.kernel.errors import AccessDenied, QueryValidationError, ServiceError
from fogstead.kernel.identity import Principal
from fogstead.kernel.service import Service
from fogstead.model.validation import Fault, describe

sts = Service("sts", scope="account")

MalformedPolicyDocument = sts.error("MalformedPolicyDocumentException", "Syntax errors in policy.")
PackedPolicyTooLarge = sts.error("PackedPolicyTooLargeException", "The session policies and tags are too large.")
InvalidParameterValue = sts.error("InvalidParameterValue", "A parameter has a value that it cannot have.", status=400)
InvalidAuthorizationMessage = sts.error("InvalidAuthorizationMessageException", "Message is not valid")
InvalidIdentityToken = sts.error(
    "InvalidIdentityTokenException",
    "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)",
)
ExpiredToken = sts.error("ExpiredTokenException", "The web identity token is expired.")
RejectedClaim = sts.error("IDPRejectedClaimException", "A claim of the token is not valid.")
ProviderUnreachable = sts.error(
    "IDPCommunicationErrorException", "The identity provider that was asked to verify the token could not be reached."
)

_FOR_SESSIONS_OF_USERS = frozenset({"AssumeRole", "GetCallerIdentity"})


def invalid(path: str, shown: str, constraint: str) -> ServiceError:
    """A member that breaks a constraint that the model does not have."""
    return QueryValidationError(describe([Fault(path, shown, constraint)]))


def _refusal(caller: Principal, operation: str) -> ServiceError | None:
    """Sessions of roles may call all but two operations, those of users two, those of federated users one.

    Source: STS API reference, "GetSessionToken" and "GetFederationToken", "Permissions"; the sentence is reported for
    GetSessionToken and GetFederationToken, and used for the others by analogy.
    """
    if caller.session is None or operation == "GetCallerIdentity":
        return None
    if caller.kind == "role":
        allowed = operation not in {"GetFederationToken", "GetSessionToken"}
    else:
        allowed = caller.kind != "federated" and operation in _FOR_SESSIONS_OF_USERS
    return None if allowed else AccessDenied(f"Cannot call {operation} with session credentials")


sts.refuses_caller = _refusal
