"""What S3 calls the errors that every service has. Source: S3 API reference, "Error responses"."""

from __future__ import annotations

from typing import Final, NamedTuple


class Told(NamedTuple):
    """S3's code, its sentence where it has one of its own, and its status where it is another."""

    code: str
    sentence: str = ""
    status: int = 0


# By the names of our classes, for several of them have one code elsewhere.
_BY_NAME: Final = {
    "MissingToken": Told("AccessDenied", "Access Denied"),
    "SignatureMismatch": Told(
        "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided. "
        "Check your key and signing method.",
    ),
    "SignatureExpired": Told("AccessDenied", "Request has expired"),
    "SignatureSkewed": Told(
        "RequestTimeTooSkewed", "The difference between the request time and the current time is too large."
    ),
    "UnknownKey": Told("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."),
    "ExpiredToken": Told("ExpiredToken", "The provided token has expired.", 400),
    "IncompleteSignature": Told("AuthorizationHeaderMalformed"),
    "QueryIncomplete": Told("AuthorizationQueryParametersError"),
    "AccessDenied": Told("AccessDenied"),
    "UnknownOperation": Told("MethodNotAllowed", "The specified method is not allowed against this resource.", 405),
    "UnreadableParameter": Told("InvalidArgument"),
    "SerializationError": Told(
        "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema"
    ),
    "InternalFailure": Told("InternalError", "We encountered an internal error. Please try again."),
    "Throttled": Told("SlowDown", "Please reduce your request rate.", 503),
}


def told(error: Exception, code: str) -> Told:
    """How S3 says it."""
    return _BY_NAME.get(type(error).__name__) or Told(code)
