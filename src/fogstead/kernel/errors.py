"""Errors as AWS names them.

    ServiceError
    ├── one class per `service.error(...)`            what a service refuses
    ├── ValidationError, MissingParameter, ...        what the kernel refuses for every service
    └── InternalFailure, ServiceUnavailable           what is our own fault

The wire form (XML, JSON, headers) is the gateway's; an error only knows its code, its sentence and whose fault it is.
"""

from __future__ import annotations

from typing import Any, ClassVar


class ServiceError(Exception):
    """An answer that says no. `members` are further members of the modelled error shape."""

    code: ClassVar[str] = "InternalFailure"
    sentence: ClassVar[str] = "The request processing has failed because of an unknown error."
    status: ClassVar[int] = 400
    sender_fault: ClassVar[bool] = True
    modelled: ClassVar[bool] = False

    def __init__(self, message: str | None = None, **members: Any) -> None:
        super().__init__(message if message is not None else self.sentence)
        self.members = members

    @property
    def message(self) -> str:
        """The sentence a person reads."""
        return str(self.args[0])


def declare(name: str, code: str, sentence: str, status: int = 400, *, modelled: bool = False) -> type[ServiceError]:
    """A new kind of error; a status of 500 and above is our fault, below that the sender's."""
    return type(
        name,
        (ServiceError,),
        {
            "__module__": __name__,
            "__doc__": sentence,
            "code": code,
            "sentence": sentence,
            "status": status,
            "sender_fault": status < 500,
            "modelled": modelled,
        },
    )


class InternalFailure(ServiceError):
    """Something broke here; details are in the log under the request's id, never in the answer."""

    code, status, sender_fault = "InternalFailure", 500, False


class ServiceUnavailable(ServiceError):
    """The store could not keep what was asked; nothing of it was acknowledged."""

    code, status, sender_fault = "ServiceUnavailable", 503, False
    sentence = "The request has failed due to a temporary failure of the server."


class NotImplementedHere(ServiceError):
    """AWS has this operation and this cloud has not. Clients do not retry 501."""

    code, status, sender_fault = "NotImplemented", 501, False
    sentence = "This operation is not implemented."


class UnknownOperation(ServiceError):
    """No service knows an operation of this name."""

    code, status = "UnknownOperationException", 404
    sentence = "The requested operation is not recognized by the service."


class InvalidAction(ServiceError):
    """The Query protocols' word for an unknown operation."""

    code, status = "InvalidAction", 400
    sentence = "The action or operation requested is invalid."


class SerializationError(ServiceError):
    """The bytes are not what the protocol and the operation's shapes ask for."""

    code, status = "SerializationException", 400
    sentence = "The request could not be read."


class UnreadableParameter(SerializationError):
    """The same, of what stands in the path, the query string or a header."""


class MalformedInput(ServiceError):
    """The Query protocols' word for a value of the wrong type."""

    code, status = "MalformedInput", 400
    sentence = "The request could not be read."


class ValidationError(ServiceError):
    """A member breaks a constraint of the model."""

    code = "ValidationException"
    sentence = "The input fails to satisfy the constraints specified by the service."


class QueryValidationError(ServiceError):
    """The same, as the services born on the Query protocol name it."""

    code = "ValidationError"
    sentence = "The input fails to satisfy the constraints specified by the service."


class MissingParameter(ServiceError):
    """A required member is not there."""

    code = "MissingParameter"
    sentence = "A required parameter for the specified action is not supplied."


class InvalidParameterValue(ServiceError):
    """A value is out of range."""

    code = "InvalidParameterValue"
    sentence = "An invalid or out-of-range value was supplied for the input parameter."


class InvalidNextToken(ServiceError):
    """A page token that this operation, with these parameters, did not hand out."""

    code = "InvalidNextToken"
    sentence = "The specified token is not valid."


class AccessDenied(ServiceError):
    """No statement allows it, or one denies it."""

    code, status = "AccessDeniedException", 403
    sentence = "User is not authorized to perform this action."


class Throttled(ServiceError):
    """Too many calls of this class from this account."""

    code, status = "ThrottlingException", 400
    sentence = "Rate exceeded"


class QuotaExceeded(ServiceError):
    """One more would be above the account's quota."""

    code, status = "ServiceQuotaExceededException", 400
    sentence = "The request would exceed a quota of the account."


class TokenReused(ServiceError):
    """An idempotency token came again with other parameters."""

    code, status = "IdempotentParameterMismatch", 400
    sentence = "The request uses the same client token as a previous, but non-identical request."


class CallTooDeep(ServiceError):
    """Services called one another in a circle."""

    code, status = "RecursiveInvocationException", 400
    sentence = "The call was stopped because services kept calling one another."
