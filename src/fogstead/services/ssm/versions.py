"""Versions of a parameter: a row each, below the parameter."""

from __future__ import annotations

import msgspec

from fogstead.kernel.errors import ServiceError
from fogstead.kernel.records import RecordCodec
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.clock import Millis
from fogstead.primitives.store import Key, end_of
from fogstead.primitives.store.packing import pack, pack_int
from fogstead.services.ssm.names import Named
from fogstead.services.ssm.parameters import Parameter
from fogstead.services.ssm.service import VERSIONS_MAX, ParameterMaxVersionLimitExceeded, ParameterVersionNotFound

_ROWS = pack("version")


class Version(msgspec.Struct, frozen=True, array_like=True):
    """What a parameter was at one time. `kept` is its value: text, or what KMS made of it.

    `wrapped` is the data key of an advanced SecureString as KMS wrapped it.
    """

    number: int
    kind: str
    kept: bytes
    wrapped: bytes
    tier: str
    data_type: str
    description: str
    key_id: str
    allowed_pattern: str
    policies: str
    modified_at: Millis
    modified_by: str


_codec = RecordCodec(Version, remembers=False)


def _row(parameter: Parameter, number: int) -> Key:
    return parameter.shard + _ROWS + pack_int(number)


def find(tx: Transaction, parameter: Parameter, number: int) -> Version | None:
    """The version of this number, or None."""
    raw = tx.keys.get(_row(parameter, number))
    return None if raw is None else _codec.decode(raw)


def newest(tx: Transaction, parameter: Parameter) -> Version:
    """The newest version, which is always there."""
    found = find(tx, parameter, parameter.version)
    assert found is not None, f"{parameter.arn} has lost version {parameter.version}"
    return found


def chosen(tx: Transaction, parameter: Parameter, named: Named) -> Version:
    """The version that a selector names; ParameterVersionNotFound when there is none."""
    selector = named.selector
    if not selector:
        return newest(tx, parameter)
    if selector.isdecimal():
        found = find(tx, parameter, int(selector)) if len(selector) < 18 else None
        if found is None:
            raise no_version(parameter, selector)
        return found
    number = parameter.labels.get(selector)
    found = None if number is None else find(tx, parameter, number)
    if found is None:
        raise ParameterVersionNotFound(
            f"Systems Manager could not find label {selector} for parameter {parameter.name}. Verify the label and try "
            "again."
        )
    return found


def no_version(parameter: Parameter, number: int | str) -> ServiceError:
    """The refusal of a version that is not there."""
    return ParameterVersionNotFound(
        f"Systems Manager could not find version {number} of {parameter.name}. Verify the version and try again."
    )


def since(tx: Transaction, parameter: Parameter, number: int, limit: int) -> list[Version]:
    """Versions from a number on, oldest first."""
    base = parameter.shard + _ROWS
    return [_codec.decode(raw) for _, raw in tx.keys.scan(base + pack_int(number), end_of(base), limit=limit)]


def add(tx: Transaction, parameter: Parameter, version: Version) -> None:
    """Keep a new version, for which the oldest goes; a label on that one is in the way."""
    tx.shard(parameter)
    known = since(tx, parameter, 0, VERSIONS_MAX)
    if len(known) == VERSIONS_MAX:
        oldest = known[0]
        if parameter.labels_of(oldest.number):
            raise ParameterMaxVersionLimitExceeded(
                f"You attempted to create a new version of {parameter.name} by calling the PutParameter API with the "
                f"overwrite flag. Version {oldest.number}, the oldest version, can't be deleted because it has a label "
                "associated with it. Move the label to another version of the parameter, and try again."
            )
        tx.keys.delete(_row(parameter, oldest.number))
    tx.keys.put(_row(parameter, version.number), _codec.encode(version))
