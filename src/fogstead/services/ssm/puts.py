"""PutParameter: a new parameter, or a new version of one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from fogstead.kernel.errors import NotImplementedHere
from fogstead.kernel.tags import checked
from fogstead.kernel.transaction import Transaction
from fogstead.services.ssm import counts, names, patterns, policies, sealing, versions
from fogstead.services.ssm.billing import hold
from fogstead.services.ssm.deletes import schedule_expiry
from fogstead.services.ssm.parameters import TEXT, Parameter, would_be
from fogstead.services.ssm.sealing import SECURE, Sealed
from fogstead.services.ssm.service import (
    ADVANCED,
    INTELLIGENT,
    STANDARD,
    VALUE_BYTES_MAX,
    Invalid,
    InvalidAllowedPattern,
    ParameterAlreadyExists,
    ParameterPatternMismatch,
    ssm,
)
from fogstead.services.ssm.versions import Version

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fogstead.shapes.ssm import PutParameterRequest, PutParameterResult

# API reference, PutParameter, `DataType`: all but text are checked, and those checks are not here yet.
_DATA_TYPES = frozenset(
    {
        "aws:ec2:image",
        "aws:ssm:integration",
        "aws:region",
        "aws:account:id",
        "boolean",
        "integer",
        "float",
        "binary",
        "hostname",
        "email",
        "ipv4-address",
        "ipv6-address",
        "url",
        "json",
        "jsonc",
    }
)
_ADVANCED_GUIDE = (
    "https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html"
)
_NESTED = re.compile(r"\{\{.*\}\}", re.DOTALL)


@ssm.operation(creates=Parameter, at="Name", decides_itself=True)
def put_parameter(tx: Transaction, req: PutParameterRequest) -> PutParameterResult:
    """What is not said of a parameter that is there stays as it is."""
    name = _name(req["Name"])
    there = tx.find(Parameter, name)
    allowed = there or would_be(tx.home, name)
    tx.authorise("ssm:PutParameter", allowed, "", req)
    names.check_new(name, allowed.arn)
    tags = _tags(tx, allowed, req)
    if there is not None:
        if not req.get("Overwrite"):
            raise ParameterAlreadyExists
        if tags:
            raise Invalid(
                "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please "
                "remove overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or "
                "RemoveTagsFromResource."
            )
    made = _said(tx, allowed, req, is_new=there is None)
    value = req["Value"]
    _check_value(value, made)
    sealed = sealing.seal(tx, made, value) if made.kind == SECURE else Sealed(value.encode())
    made = _keep(tx, there, made, tags)
    versions.add(tx, made, _version(made, sealed))
    return {"Version": made.version, "Tier": made.tier}


def _name(text: str) -> str:
    name = text.strip()
    if name.startswith("arn:") or ":" in name:
        raise Invalid("Parameter name: an ARN or a selector is no name to put a parameter under.")
    return name


def _tags(tx: Transaction, parameter: Parameter, req: Mapping[str, Any]) -> dict[str, str]:
    listed = req.get("Tags") or []
    if listed:
        tx.authorise("ssm:AddTagsToResource", parameter, "", req)
    return checked({tag["Key"]: tag["Value"] for tag in listed}, Invalid)


def _said(tx: Transaction, before: Parameter, req: Mapping[str, Any], *, is_new: bool) -> Parameter:
    """The parameter as the input has it."""
    kind = req.get("Type") or ("" if is_new else before.kind)
    if not kind:
        raise Invalid("A parameter type is required when you create a parameter.")
    if kind != SECURE and "KeyId" in req:
        raise Invalid("KeyId is required for SecureString type parameter only.")
    changes: dict[str, Any] = {
        "kind": kind,
        "key_id": (req.get("KeyId") or before.key_id or sealing.DEFAULT_KEY) if kind == SECURE else "",
        "data_type": _data_type(req.get("DataType") or before.data_type),
        "version": before.version + 1,
        "modified_at": tx.now,
        "modified_by": tx.caller.arn,
    }
    for member, field in (("Description", "description"), ("AllowedPattern", "allowed_pattern")):
        if member in req:
            changes[field] = req[member]
    if "Policies" in req:
        changes["expires_at"] = policies.expiry_in(req["Policies"], tx.now)
        changes["policies"] = req["Policies"] if changes["expires_at"] else ""
    has_policies = bool(changes.get("policies", before.policies))
    changes["tier"] = _tier(tx, req, "" if is_new else before.tier, has_policies=has_policies)
    return before.altered(**changes)


def _data_type(wanted: str) -> str:
    if wanted in _DATA_TYPES:
        raise NotImplementedHere(f"The data type {wanted} is not implemented by this cloud.")
    if wanted != TEXT:
        raise Invalid(f"The following data type is not supported: {wanted} (Data type names are all lowercase.)")
    return wanted


def _tier(tx: Transaction, req: Mapping[str, Any], before: str, *, has_policies: bool) -> str:
    """The tier that is asked for, or that what is asked for needs."""
    wanted = req.get("Tier", before or STANDARD)
    size = len(req["Value"].encode())
    needed = size > VALUE_BYTES_MAX[STANDARD] or has_policies
    if wanted == INTELLIGENT:
        crowded = not before and counts.is_full(tx, STANDARD)
        wanted = ADVANCED if needed or crowded or before == ADVANCED else STANDARD
    if wanted == STANDARD and before == ADVANCED:
        raise Invalid(
            "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the "
            "advanced-parameter tier to the standard-parameter tier. If necessary, you can delete the advanced "
            "parameter and recreate it as a standard parameter."
        )
    if size > VALUE_BYTES_MAX[wanted]:
        more = (
            " To create a larger parameter value, upgrade the parameter to use the advanced-parameter tier. For more "
            f"information, see {_ADVANCED_GUIDE}"
        )
        raise Invalid(
            f"{wanted} tier parameters support a maximum parameter value of {VALUE_BYTES_MAX[wanted]} characters."
            + (more if wanted == STANDARD else "")
        )
    if wanted == STANDARD and has_policies:
        raise Invalid("Parameter policies are only supported for parameters of the advanced-parameter tier.")
    return str(wanted)


def _check_value(value: str, parameter: Parameter) -> None:
    if not value:
        raise Invalid(
            "1 validation error detected: Value '' at 'value' failed to satisfy constraint: Member must have length "
            "greater than or equal to 1."
        )
    if _NESTED.search(value):
        raise Invalid('Parameter value: can\'t nest another parameter. Do not use "{{}}" in the value.')
    if parameter.allowed_pattern:
        try:
            fits = patterns.matches(parameter.allowed_pattern, value)
        except patterns.PatternFault as fault:
            raise InvalidAllowedPattern(f"{InvalidAllowedPattern.sentence} {fault}") from None
        if not fits:
            raise ParameterPatternMismatch(
                f"Parameter value, cannot be validated against allowedPattern: {parameter.allowed_pattern}"
            )


def _keep(tx: Transaction, before: Parameter | None, parameter: Parameter, tags: dict[str, str]) -> Parameter:
    if before is None:
        counts.add(tx, parameter.tier)
        made = tx.create(parameter.altered(tags=tags))
    else:
        if before.tier != parameter.tier:
            counts.add(tx, parameter.tier)
            counts.remove(tx, before.tier)
        made = tx.replace(parameter)
    hold(tx, before, made)
    schedule_expiry(tx, made)
    return made


def _version(parameter: Parameter, sealed: Sealed) -> Version:
    return Version(
        number=parameter.version,
        kind=parameter.kind,
        kept=sealed.kept,
        wrapped=sealed.wrapped,
        tier=parameter.tier,
        data_type=parameter.data_type,
        description=parameter.description,
        key_id=parameter.key_id,
        allowed_pattern=parameter.allowed_pattern,
        policies=parameter.policies,
        modified_at=parameter.modified_at,
        modified_by=parameter.modified_by,
    )
