"""Parameters read: one, several, a hierarchy, and the history of one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fogstead.kernel.errors import NotImplementedHere
from fogstead.kernel.pages import Page
from fogstead.kernel.transaction import Transaction
from fogstead.services.ssm import filters, names, policies, sealing, versions
from fogstead.services.ssm.names import Named
from fogstead.services.ssm.parameters import Parameter, place_of, would_be
from fogstead.services.ssm.service import ParameterNotFound, ParameterVersionNotFound, ssm
from fogstead.services.ssm.versions import Version

if TYPE_CHECKING:
    from fogstead.shapes.ssm import (
        GetParameterHistoryRequest,
        GetParameterRequest,
        GetParameterResult,
        GetParametersByPathRequest,
        GetParametersRequest,
        GetParametersResult,
    )

BY_PATH_MAX = 10
HISTORY_MAX = 50

Found = tuple[Parameter, Version]


@ssm.operation(on=Parameter, at="Name")
def get_parameter(tx: Transaction, req: GetParameterRequest) -> GetParameterResult:
    """The newest version unless a version or a label is named."""
    named = names.named(req["Name"])
    parameter: Parameter = tx.resource
    version = versions.chosen(tx, parameter, named)
    value = sealing.values_of(tx, [(parameter, version)], decrypt=bool(req.get("WithDecryption")))[0]
    return {"Parameter": _shown(parameter, version, value, named)}


@ssm.operation(decides_itself=True)
def get_parameters(tx: Transaction, req: GetParametersRequest) -> GetParametersResult:
    """In the order of their names; without permission for one of them, none."""
    found: dict[str, Found] = {}
    invalid: list[str] = []
    for text in dict.fromkeys(req["Names"]):
        one = _find(tx, text, req)
        if one is None:
            invalid.append(text)
        else:
            found[text] = one
    ordered = sorted(found, key=lambda text: (found[text][0].name, found[text][1].number))
    decrypt = bool(req.get("WithDecryption"))
    values = sealing.values_of(tx, [found[text] for text in ordered], decrypt=decrypt)
    shown = [_shown(*found[text], value, names.named(text)) for text, value in zip(ordered, values, strict=True)]
    return {"Parameters": shown, "InvalidParameters": invalid}


def _find(tx: Transaction, text: str, req: Any) -> Found | None:
    """The version that a name points at, if it is there; permission is asked whether it is or not."""
    try:
        place = place_of(text, tx.home)
    except ParameterNotFound:
        return None
    if place.home != tx.home:
        raise NotImplementedHere("Parameters of other accounts are read one by one in this cloud, by GetParameter.")
    parameter = tx.at(place)
    tx.authorise("ssm:GetParameters", parameter or would_be(tx.home, place.key[0]), "", req)
    if parameter is None:
        return None
    try:
        return parameter, versions.chosen(tx, parameter, names.named(text))
    except ParameterVersionNotFound:
        return None


@ssm.operation(lists=Parameter, decides_itself=True, scan=True)
def get_parameters_by_path(tx: Transaction, req: GetParametersByPathRequest) -> Page:
    """Permission is asked for the path alone, as AWS does: who may read it may read all below it."""
    given = req["Path"].strip()
    tx.authorise("ssm:GetParametersByPath", would_be(tx.home, given), "", req)
    path = names.check_path(given)
    fits = filters.by_path(req.get("ParameterFilters", []))
    label = filters.label_in(req.get("ParameterFilters", []))
    cut = tx.cut(size_default=BY_PATH_MAX, size_max=BY_PATH_MAX)
    found: list[Found] = []
    for parameter in _below(tx, path, cut.after, recursive=bool(req.get("Recursive"))):
        if fits(parameter):
            version = _labelled(tx, parameter, label)
            if version is not None:
                found.append((parameter, version))
        if len(found) > cut.size:
            break
    page = found[: cut.size]
    values = sealing.values_of(tx, page, decrypt=bool(req.get("WithDecryption")))
    token = cut.token(page[-1][0].locator.packed) if len(found) > cut.size else None
    selected = Named("", label)
    return Page([_shown(*one, value, selected) for one, value in zip(page, values, strict=True)], token)


def _below(tx: Transaction, path: str, after: bytes | None, *, recursive: bool) -> Iterator[Parameter]:
    """Parameters below a path, whose last slash is left out; the root has those too that stand in no hierarchy."""
    begin = f"{path}/" if path else ""
    for parameter in tx.all(Parameter, prefix=begin, after_key=after):
        rest = parameter.name[len(begin) :].removeprefix("" if path else "/")
        if recursive or "/" not in rest:
            yield parameter


def _labelled(tx: Transaction, parameter: Parameter, label: str) -> Version | None:
    if not label:
        return versions.newest(tx, parameter)
    number = parameter.labels.get(label)
    return None if number is None else versions.find(tx, parameter, number)


@ssm.operation(on=Parameter, at="Name")
def get_parameter_history(tx: Transaction, req: GetParameterHistoryRequest) -> Page:
    """The hundred newest versions at most, oldest first."""
    parameter: Parameter = tx.resource
    cut = tx.cut(size_default=HISTORY_MAX, size_max=HISTORY_MAX)
    start = int.from_bytes(cut.after, "big") + 1 if cut.after else 0
    found = versions.since(tx, parameter, start, cut.size + 1)
    page = found[: cut.size]
    values = sealing.values_of(tx, [(parameter, one) for one in page], decrypt=bool(req.get("WithDecryption")))
    token = cut.token(page[-1].number.to_bytes(8, "big")) if len(found) > cut.size else None
    return Page([_past(parameter, one, value) for one, value in zip(page, values, strict=True)], token)


def _shown(parameter: Parameter, version: Version, value: str, named: Named) -> Any:
    made = {
        "Name": parameter.name,
        "Type": version.kind,
        "Value": value,
        "Version": version.number,
        "LastModifiedDate": version.modified_at,
        "ARN": parameter.arn,
        "DataType": version.data_type,
    }
    return {**made, "Selector": f":{named.selector}"} if named.selector else made


def _past(parameter: Parameter, version: Version, value: str) -> dict[str, Any]:
    optional = {
        "KeyId": version.key_id,
        "Description": version.description,
        "AllowedPattern": version.allowed_pattern,
    }
    return {
        "Name": parameter.name,
        "Type": version.kind,
        "LastModifiedDate": version.modified_at,
        "LastModifiedUser": version.modified_by,
        "Value": value,
        "Version": version.number,
        "Labels": parameter.labels_of(version.number),
        "Tier": version.tier,
        "Policies": policies.shown(version.policies),
        "DataType": version.data_type,
        **{name: said for name, said in optional.items() if said},
    }
