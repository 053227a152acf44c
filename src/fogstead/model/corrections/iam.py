"""What botocore's model of IAM says otherwise than the service.

Sources: the API reference, "AttachedPermissionsBoundary" ("this data type can only have a value of Policy", where the
model's enum has another word); "GetUser", "ListAccessKeys" and "CreateAccessKey", which also speak of the account's
root, who has neither a name nor a path, though the model requires both, and whose id is twelve digits; "SSHPublicKey",
whose fingerprint is an MD5 of 47 signs where the model wants 48. The simulator's source type is `IAM Policy`:
pull request 1904 of fakecloud tells it of AWS's answers. Times are written to the second, as in the API's examples.
"""

from __future__ import annotations

from typing import Any

_NOT_OF_ROOTS = {
    "User": ("Path", "UserName"),
    "AccessKey": ("UserName",),
    "SigningCertificate": ("UserName",),
    "MFADevice": ("UserName",),
}
_WORDS = {"PermissionsBoundaryAttachmentType": "Policy", "PolicySourceType": "IAM Policy"}


def correct(data: dict[str, Any]) -> dict[str, Any]:
    """The model with a root among the users."""
    shapes = dict(data["shapes"])
    for name, absent in _NOT_OF_ROOTS.items():
        required = [member for member in shapes[name]["required"] if member not in absent]
        shapes[name] = {**shapes[name], "required": required}
    shapes["idType"] = {**shapes["idType"], "min": 12}
    for name, word in _WORDS.items():
        shapes[name] = {**shapes[name], "enum": [*shapes[name]["enum"], word]}
    shapes["publicKeyFingerprintType"] = {**shapes["publicKeyFingerprintType"], "min": 47}
    shapes["dateType"] = {**shapes["dateType"], "timestampFormat": "iso8601Seconds"}
    return {**data, "shapes": shapes}
