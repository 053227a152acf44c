"""Query statements: which event data stores they name, and the text that DuckDB takes.

CloudTrail names a table by the bare id of an event data store, which no SQL reads as a name: it is put in quotes.
Source: CloudTrail User Guide, "CloudTrail Lake SQL constraints".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from fogstead.services.cloudtrail.service import InvalidQueryStatement

_TOKEN = re.compile(
    r"""(?P<text>'(?:[^']|'')*')
    |(?P<comment>--[^\n]*|/\*.*?\*/)
    |(?P<quoted>"(?:[^"]|"")*")
    |(?P<id>\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b)""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement with the ids it names, in the order in which they come."""

    sql: str
    ids: tuple[str, ...]


def read(text: str) -> Statement:
    """InvalidQueryStatementException when it names no event data store."""
    ids: dict[str, None] = {}

    def replaced(match: re.Match[str]) -> str:
        found = match["id"] or (match["quoted"] or "")[1:-1]
        if not _ID.match(found):
            return match[0]
        ids[found.lower()] = None
        return f'"{found.lower()}"'

    sql = _TOKEN.sub(replaced, text)
    if not ids:
        raise InvalidQueryStatement("The query names no event data store: use its ID as the table after FROM.")
    return Statement(sql, tuple(ids))
