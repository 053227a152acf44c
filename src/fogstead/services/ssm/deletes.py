"""Parameters deleted: by hand, and by their own policy when their time has come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fogstead.kernel.catalog import job
from fogstead.kernel.transaction import Transaction
from fogstead.services.ssm import counts
from fogstead.services.ssm.parameters import Parameter, place_of, would_be
from fogstead.services.ssm.service import Invalid, ssm

if TYPE_CHECKING:
    from fogstead.shapes.ssm import (
        DeleteParameterRequest,
        DeleteParameterResult,
        DeleteParametersRequest,
        DeleteParametersResult,
    )

_EXPIRE = "ssm.expire"


@ssm.operation(on=Parameter, at="Name")
def delete_parameter(tx: Transaction, req: DeleteParameterRequest) -> DeleteParameterResult:
    """With all its versions."""
    check_no_arn(req["Name"])
    _delete(tx, tx.resource)
    return {}


@ssm.operation(decides_itself=True)
def delete_parameters(tx: Transaction, req: DeleteParametersRequest) -> DeleteParametersResult:
    """All that are there; without permission for one of them, none."""
    wanted = list(dict.fromkeys(req["Names"]))
    found = {}
    for text in wanted:
        check_no_arn(text)
        place = place_of(text, tx.home)
        found[text] = tx.at(place)
        tx.authorise("ssm:DeleteParameters", found[text] or would_be(tx.home, place.key[0]), "", req)
    for parameter in found.values():
        if parameter is not None:
            _delete(tx, parameter)
    return {
        "DeletedParameters": [text for text in wanted if found[text] is not None],
        "InvalidParameters": [text for text in wanted if found[text] is None],
    }


def check_no_arn(text: str) -> None:
    """Deleting takes names alone. Source: API reference, DeleteParameter and DeleteParameters."""
    if text.strip().startswith("arn:"):
        raise Invalid("Parameter name: you can't enter the ARN of a parameter here, only its name.")


def _delete(tx: Transaction, parameter: Parameter) -> None:
    counts.remove(tx, parameter.tier)
    tx.unschedule(_EXPIRE, parameter.name)
    tx.delete(parameter)


def schedule_expiry(tx: Transaction, parameter: Parameter) -> None:
    """Have a parameter go when its policy says, and only then."""
    if parameter.expires_at:
        tx.schedule(_EXPIRE, {"name": parameter.name}, at=parameter.expires_at, name=parameter.name)
    else:
        tx.unschedule(_EXPIRE, parameter.name)


@job(_EXPIRE)
def expire(tx: Transaction, arguments: dict[str, Any]) -> None:
    """The time of a parameter is over."""
    parameter = tx.find(Parameter, arguments["name"])
    if parameter is not None and 0 < parameter.expires_at <= tx.now:
        _delete(tx, parameter)
