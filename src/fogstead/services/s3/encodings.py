"""`encoding-type=url`: keys in a listing in a form that any XML can carry.

The API reference says that characters outside of ASCII, and parentheses among others, are percent-encoded. What
answers of S3 show is the encoding of HTML forms with slashes left as they are: a space is `+`, a plus `%2B`. That `*`
stays and `~` does not follows from that form; no document says it.
"""

from __future__ import annotations

from urllib.parse import quote_plus

from fogstead.services.s3.service import InvalidArgument

URL = "url"


def check_encoding_type(encoding_type: str | None) -> None:
    """InvalidArgument for an encoding other than `url`."""
    if encoding_type not in (None, URL):
        raise InvalidArgument(
            "Invalid Encoding Method specified in Request", ArgumentName="encoding-type", ArgumentValue=encoding_type
        )


def shown(text: str, encoding_type: str | None) -> str:
    """A key, prefix, delimiter or marker as the listing shows it."""
    return text if encoding_type is None else url_encoded(text)


def url_encoded(text: str) -> str:
    """As `encoding-type=url` writes a key."""
    return quote_plus(text, safe="/*", errors="surrogatepass").replace("~", "%7E")
