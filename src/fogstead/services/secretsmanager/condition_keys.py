"""The service's own condition keys of a request.

Source: Service Authorization Reference, "Condition keys for AWS Secrets Manager".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_ASKED = {
    "Name": "name",
    "Description": "description",
    "SecretId": "secretid",
    "VersionId": "versionid",
    "VersionStage": "versionstage",
    "KmsKeyId": "kmskeyid",
    "RecoveryWindowInDays": "recoverywindowindays",
    "ForceDeleteWithoutRecovery": "forcedeletewithoutrecovery",
    "ForceOverwriteReplicaSecret": "forceoverwritereplicasecret",
    "BlockPublicPolicy": "blockpublicpolicy",
    "RotateImmediately": "rotateimmediately",
    "RotationLambdaARN": "rotationlambdaarn",
    "Type": "type",
}


def keys_of(given: Mapping[str, Any]) -> dict[str, str | list[str]]:
    """What a request says; keys that do not apply are absent."""
    keys: dict[str, str | list[str]] = {
        f"secretsmanager:{key}": _text(given[member]) for member, key in _ASKED.items() if member in given
    }
    regions = [str(one.get("Region", "")) for one in given.get("AddReplicaRegions", ())]
    if regions:
        keys["secretsmanager:addreplicaregions"] = regions
    if "RotationRules" in given:
        keys["secretsmanager:modifyrotationrules"] = "true"
    return keys


def _text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
