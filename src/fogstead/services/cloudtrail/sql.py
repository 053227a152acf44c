"""SQL over events, by DuckDB in memory, with nothing but the events in its reach.

DuckDB is the extra `fogstead[sql]`; without it queries answer 501. Once the tables are filled it may open no file, load
no extension, see no variable of this program and change none of its settings; memory and threads are bounded, and
whoever runs it can interrupt it.
"""

from __future__ import annotations

import contextlib
import importlib.util
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fogstead.kernel.errors import NotImplementedHere
from fogstead.services.cloudtrail.service import InvalidQueryStatement

if TYPE_CHECKING:
    import duckdb

MEMORY: Final = "512MB"
RESULT_ROWS_MAX: Final = 100_000
RESULT_BYTES_MAX: Final = 64 << 20
LINE_BYTES_MAX: Final = 16 << 20
_FETCHED_EACH_TIME = 1_000

_TEXT = "VARCHAR"
_MAP = "MAP(VARCHAR, VARCHAR)"
_ISSUER = "STRUCT(type VARCHAR, principalId VARCHAR, arn VARCHAR, accountId VARCHAR, userName VARCHAR)"
_SESSION = (
    "STRUCT(attributes STRUCT(creationDate TIMESTAMP, mfaAuthenticated VARCHAR), "
    f"sessionIssuer {_ISSUER}, "
    f"webIdFederationData STRUCT(federatedProvider VARCHAR, attributes {_MAP}), "
    "sourceIdentity VARCHAR, ec2RoleDelivery VARCHAR, ec2IssuedInVpc VARCHAR)"
)
COLUMNS: Final[Mapping[str, str]] = {
    "eventVersion": _TEXT,
    "userIdentity": (
        "STRUCT(type VARCHAR, principalId VARCHAR, arn VARCHAR, accountId VARCHAR, accessKeyId VARCHAR, "
        f"userName VARCHAR, sessionContext {_SESSION}, "
        "onBehalfOf STRUCT(userId VARCHAR, identityStoreArn VARCHAR), "
        "inScopeOf STRUCT(sourceArn VARCHAR, sourceAccount VARCHAR, issuerType VARCHAR, credentialsIssuedTo VARCHAR), "
        "invokedBy VARCHAR, identityProvider VARCHAR)"
    ),
    "eventTime": "TIMESTAMP",
    "eventSource": _TEXT,
    "eventName": _TEXT,
    "awsRegion": _TEXT,
    "sourceIPAddress": _TEXT,
    "userAgent": _TEXT,
    "errorCode": _TEXT,
    "errorMessage": _TEXT,
    "requestParameters": _MAP,
    "responseElements": _MAP,
    "additionalEventData": _MAP,
    "requestID": _TEXT,
    "eventID": _TEXT,
    "readOnly": "BOOLEAN",
    "resources": "STRUCT(accountId VARCHAR, type VARCHAR, ARN VARCHAR, ARNPrefix VARCHAR)[]",
    "eventType": _TEXT,
    "apiVersion": _TEXT,
    "managementEvent": "BOOLEAN",
    "recipientAccountId": _TEXT,
    "sharedEventID": _TEXT,
    "annotation": _TEXT,
    "vpcEndpointId": _TEXT,
    "serviceEventDetails": _MAP,
    "addendum": ("STRUCT(reason VARCHAR, updatedFields VARCHAR, originalUID VARCHAR, originalEventID VARCHAR)"),
    "edgeDeviceDetails": _MAP,
    "insightDetails": _MAP,
    "eventCategory": _TEXT,
    "tlsDetails": "STRUCT(tlsVersion VARCHAR, cipherSuite VARCHAR, clientProvidedHostHeader VARCHAR)",
    "sessionCredentialFromConsole": _TEXT,
    "eventJson": _TEXT,
    "eventJsonChecksum": _TEXT,
}
"""Source: CloudTrail User Guide, "Supported SQL schemas for event data stores"."""

_SETTINGS: Final[dict[str, Any]] = {
    "threads": 1,
    "memory_limit": MEMORY,
    "temp_directory": "",
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
    "python_enable_replacements": False,
}
_MACROS = (
    "CREATE MACRO json_extract_scalar(text, path) AS json_extract_string(text, path)",
    "CREATE MACRO element_at(m, k) AS m[k]",
)
_LOCKS = ("SET enable_external_access = false", "SET lock_configuration = true")


class Refused(Exception):
    """The query cannot be done; the message is for the person who asked."""


def required() -> None:
    """501 where DuckDB is not installed."""
    if importlib.util.find_spec("duckdb") is None:
        raise NotImplementedHere("Queries need DuckDB, which is not installed: pip install 'fogstead[sql]'.")


def check(sql: str, ids: tuple[str, ...]) -> None:
    """InvalidQueryStatementException unless it is one SELECT over these tables that can be understood."""
    import duckdb  # noqa: PLC0415 - optional, and slow to import

    with contextlib.closing(connected()) as database:
        fill(database, dict.fromkeys(ids))
        try:
            statements = database.extract_statements(sql)
            if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
                raise InvalidQueryStatement("Only a single SELECT statement is allowed.")
            database.execute(f"EXPLAIN {sql}")
        except duckdb.Error as error:
            raise InvalidQueryStatement(sentence(error)) from None


def sentence(error: Exception) -> str:
    """DuckDB's own first sentence."""
    return str(error).partition("\n")[0][:900]


def connected() -> duckdb.DuckDBPyConnection:
    """An empty database in memory."""
    import duckdb  # noqa: PLC0415 - optional, and slow to import

    return duckdb.connect(":memory:", config=_SETTINGS)


def fill(database: duckdb.DuckDBPyConnection, tables: Mapping[str, Path | None]) -> None:
    """A table for each id, from a file of JSON lines or empty; from then on the database is locked."""
    columns = ", ".join(f'"{column}" {kind}' for column, kind in COLUMNS.items())
    for name, file in tables.items():
        database.execute(f'CREATE TABLE "{name}" ({columns})')
        if file is not None:
            database.execute(
                f"INSERT INTO \"{name}\" SELECT * FROM read_json(?, format = 'newline_delimited', "  # noqa: S608
                f"columns = {_as_struct(COLUMNS)}, maximum_object_size = {LINE_BYTES_MAX})",
                [str(file)],
            )
    for statement in (*_MACROS, *_LOCKS):
        database.execute(statement)


def _as_struct(columns: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items()) + "}"


def results(database: duckdb.DuckDBPyConnection, sql: str) -> tuple[list[str], list[list[str]]]:
    """The names of the columns and the rows, all as text; Refused when they are too many."""
    cursor = database.execute(sql)
    names = [str(column[0]) for column in cursor.description or ()]
    rows: list[list[str]] = []
    size = 0
    for row in _fetched(cursor):
        shown = [shown_value(value) for value in row]
        size += sum(map(len, shown))
        rows.append(shown)
        if len(rows) > RESULT_ROWS_MAX or size > RESULT_BYTES_MAX:
            raise Refused(f"The result has more than {RESULT_ROWS_MAX} rows or {RESULT_BYTES_MAX} bytes: use LIMIT.")
    return names, rows


def _fetched(cursor: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    while rows := cursor.fetchmany(_FETCHED_EACH_TIME):
        yield from rows


def shown_value(value: Any) -> str:
    """A value as text: times to the millisecond, structures as `{name=value}`."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}.{value.microsecond // 1000:03}"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}={shown_value(one) or 'null'}" for name, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(shown_value(one) or "null" for one in value) + "]"
    return str(value)
