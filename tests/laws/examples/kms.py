"""Valid input for KMS."""

from __future__ import annotations

import json
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

from laws.examples import Examples, fresh

_SIGNING = {"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"}
_MACS = {"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"}
_AGREEING = {"KeySpec": "ECC_NIST_P256", "KeyUsage": "KEY_AGREEMENT"}
_ENCAPSULATING = {"KeySpec": "ML_KEM_768", "KeyUsage": "ENCAPSULATE_DECAPSULATE"}
_IMPORTED = {"Origin": "EXTERNAL"}
_MULTI_REGION = {"MultiRegion": True}
_MADE_FOR: dict[str, dict[str, Any]] = {
    "Sign": _SIGNING,
    "Verify": _SIGNING,
    "GetPublicKey": _SIGNING,
    "GenerateMac": _MACS,
    "VerifyMac": _MACS,
    "DeriveSharedSecret": _AGREEING,
    "Encapsulate": _ENCAPSULATING,
    "Decapsulate": _ENCAPSULATING,
    "GetParametersForImport": _IMPORTED,
    "ImportKeyMaterial": _IMPORTED,
    "DeleteImportedKeyMaterial": _IMPORTED,
    "ReplicateKey": _MULTI_REGION,
    "UpdatePrimaryRegion": _MULTI_REGION,
}
# Their input is made without a call that needs the right kind of key.
_TAKES_ANY = frozenset({"GetPublicKey", "Sign", "GenerateMac", "Encapsulate", "GetParametersForImport"})
_MATERIAL = b"\x07" * 32


class KmsExamples(Examples):
    """Keys, each of the kind that the operation needs."""

    service = "kms"

    def make(self, resource: str) -> dict[str, Any]:
        key = self._key()
        if resource == "Alias":
            name = "alias/" + fresh("shop")
            self.does("CreateAlias", {"AliasName": name, "TargetKeyId": key["KeyId"]})
            return {"AliasName": name, "TargetKeyId": self._key()["KeyId"]}
        return key

    def delete(self, resource: str, pointers: dict[str, Any]) -> None:
        if resource == "Alias":
            self.does("DeleteAlias", {"AliasName": pointers["AliasName"]})
        else:
            given = {"KeyId": pointers["KeyId"], "PendingWindowInDays": 7}
            self.caller.call("kms", "ScheduleKeyDeletion", given)  # one that goes already goes on going

    def input_of(self, operation: str, pointers: dict[str, Any] | None = None) -> dict[str, Any]:
        if operation in ("CreateKey", "ListKeys", "ListAliases"):
            return {}
        if operation == "GenerateRandom":
            return {"NumberOfBytes": 16}
        if operation == "ListRetirableGrants":
            return {"RetiringPrincipal": f"arn:aws:iam::{self.caller.account}:root"}
        if operation in ("UpdateAlias", "DeleteAlias"):
            here = pointers or self.make("Alias")
            return here if operation == "UpdateAlias" else {"AliasName": here["AliasName"]}
        here = pointers if pointers is not None else {}
        if not here or (operation in _MADE_FOR and operation not in _TAKES_ANY):
            here.update(self._key(**_MADE_FOR.get(operation, {})))
        specific = getattr(self, f"_for_{operation}", None)
        given: dict[str, Any] = specific(here) if specific is not None else {"KeyId": here["KeyId"]}
        return given

    def _key(self, **more: Any) -> dict[str, Any]:
        return self.pointers_to(self.does("CreateKey", more), {})

    def pointers_to(self, created: dict[str, Any], pointers: dict[str, Any]) -> dict[str, Any]:
        arn = created["KeyMetadata"]["Arn"]
        return {**pointers, "KeyId": arn, "TargetKeyId": arn, "DestinationKeyId": arn}

    # ------------------------------------------------------------- by operation
    def _for_CreateAlias(self, here: dict[str, Any]) -> dict[str, Any]:
        return {"AliasName": "alias/" + fresh("shop"), "TargetKeyId": here["TargetKeyId"]}

    def _for_CreateGrant(self, here: dict[str, Any]) -> dict[str, Any]:
        root = f"arn:aws:iam::{self.caller.account}:root"
        return {
            "KeyId": here["KeyId"],
            "GranteePrincipal": f"arn:aws:iam::{self.caller.account}:user/ann",
            "RetiringPrincipal": root,
            "Operations": ["Decrypt"],
            "Constraints": {"EncryptionContextSubset": {"shop": "1"}},
        }

    def _grant(self, here: dict[str, Any]) -> dict[str, Any]:
        return self.does("CreateGrant", self._for_CreateGrant(here))

    def _for_RevokeGrant(self, here: dict[str, Any]) -> dict[str, Any]:
        return {"KeyId": here["KeyId"], "GrantId": self._grant(here)["GrantId"]}

    _for_RetireGrant = _for_RevokeGrant

    def _for_ListGrants(self, here: dict[str, Any]) -> dict[str, Any]:
        return {"KeyId": here["KeyId"]}

    def _for_Encrypt(self, here: dict[str, Any]) -> dict[str, Any]:
        return {"KeyId": here["KeyId"], "Plaintext": b"shop", "EncryptionContext": {"shop": "1"}}

    def _blob(self, here: dict[str, Any]) -> bytes:
        blob: bytes = self.does("Encrypt", {"KeyId": here["KeyId"], "Plaintext": b"shop"})["CiphertextBlob"]
        return blob

    def _for_Decrypt(self, here: dict[str, Any]) -> dict[str, Any]:
        return {"KeyId": here["KeyId"], "CiphertextBlob": self._blob(here)}

    def _for_ReEncrypt(self, here: dict[str, Any]) -> dict[str, Any]:
        return {"DestinationKeyId": here["DestinationKeyId"], "CiphertextBlob": self._blob(here)}

    def _for_GenerateDataKey(self, here: dict[str, Any]) -> dict[str, Any]:
        return {"KeyId": here["KeyId"], "KeySpec": "AES_256"}

    _for_GenerateDataKeyWithoutPlaintext = _for_GenerateDataKey

    def _for_GenerateDataKeyPair(self, here: dict[str, Any]) -> dict[str, Any]:
        return {"KeyId": here["KeyId"], "KeyPairSpec": "ECC_NIST_P256"}

    _for_GenerateDataKeyPairWithoutPlaintext = _for_GenerateDataKeyPair

    def _for_Sign(self, here: dict[str, Any]) -> dict[str, Any]:
        return {"KeyId": here["KeyId"], "Message": b"shop", "SigningAlgorithm": "ECDSA_SHA_256"}

    def _for_Verify(self, here: dict[str, Any]) -> dict[str, Any]:
        given = self._for_Sign(here)
        return {**given, "Signature": self.does("Sign", given)["Signature"]}

    def _for_GenerateMac(self, here: dict[str, Any]) -> dict[str, Any]:
        return {"KeyId": here["KeyId"], "Message": b"shop", "MacAlgorithm": "HMAC_SHA_256"}

    def _for_VerifyMac(self, here: dict[str, Any]) -> dict[str, Any]:
        given = self._for_GenerateMac(here)
        return {**given, "Mac": self.does("GenerateMac", given)["Mac"]}

    def _for_DeriveSharedSecret(self, here: dict[str, Any]) -> dict[str, Any]:
        public = self.does("GetPublicKey", {"KeyId": here["KeyId"]})["PublicKey"]
        return {"KeyId": here["KeyId"], "KeyAgreementAlgorithm": "ECDH", "PublicKey": public}

    def _for_Encapsulate(self, here: dict[str, Any]) -> dict[str, Any]:
        return {"KeyId": here["KeyId"], "EncapsulationAlgorithm": "ML_KEM"}

    def _for_Decapsulate(self, here: dict[str, Any]) -> dict[str, Any]:
        given = self._for_Encapsulate(here)
        return {**given, "SharedSecretCiphertextBlob": self.does("Encapsulate", given)["SharedSecretCiphertextBlob"]}

    def _for_GetParametersForImport(self, here: dict[str, Any]) -> dict[str, Any]:
        return {"KeyId": here["KeyId"], "WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"}

    def _for_ImportKeyMaterial(self, here: dict[str, Any]) -> dict[str, Any]:
        given = self.does("GetParametersForImport", self._for_GetParametersForImport(here))
        public: Any = serialization.load_der_public_key(given["PublicKey"])
        oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
        return {
            "KeyId": here["KeyId"],
            "ImportToken": given["ImportToken"],
            "EncryptedKeyMaterial": public.encrypt(_MATERIAL, oaep),
            "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE",
        }

    def _for_DeleteImportedKeyMaterial(self, here: dict[str, Any]) -> dict[str, Any]:
        self.does("ImportKeyMaterial", self._for_ImportKeyMaterial(here))
        return {"KeyId": here["KeyId"]}

    def _for_PutKeyPolicy(self, here: dict[str, Any]) -> dict[str, Any]:
        return {"KeyId": here["KeyId"], "Policy": self.does("GetKeyPolicy", {"KeyId": here["KeyId"]})["Policy"]}

    def _for_CancelKeyDeletion(self, here: dict[str, Any]) -> dict[str, Any]:
        self.does("ScheduleKeyDeletion", {"KeyId": here["KeyId"]})
        return {"KeyId": here["KeyId"]}

    def _for_UpdateKeyDescription(self, here: dict[str, Any]) -> dict[str, Any]:
        return {"KeyId": here["KeyId"], "Description": "of the shop"}

    def _for_TagResource(self, here: dict[str, Any]) -> dict[str, Any]:
        return {"KeyId": here["KeyId"], "Tags": [{"TagKey": "team", "TagValue": "blue"}]}

    def _for_UntagResource(self, here: dict[str, Any]) -> dict[str, Any]:
        self.does("TagResource", self._for_TagResource(here))
        return {"KeyId": here["KeyId"], "TagKeys": ["team"]}

    def _for_ReplicateKey(self, here: dict[str, Any]) -> dict[str, Any]:
        return {"KeyId": here["KeyId"], "ReplicaRegion": "eu-west-1"}

    def _for_UpdatePrimaryRegion(self, here: dict[str, Any]) -> dict[str, Any]:
        self.does("ReplicateKey", self._for_ReplicateKey(here))
        return {"KeyId": here["KeyId"], "PrimaryRegion": "eu-west-1"}

    # ------------------------------------------------------------- for single laws
    def populate(self, operation: str, count: int) -> tuple[dict[str, Any], list[Any]]:
        if operation == "ListKeys":
            return {}, [self._key()["KeyId"] for _ in range(count)]
        here = self._key()
        given = {"KeyId": here["KeyId"]}
        if operation == "ListAliases":
            return given, [self._alias_of(here) for _ in range(count)]
        if operation == "ListGrants":
            return given, [self._grant(here)["GrantId"] for _ in range(count)]
        if operation == "ListRetirableGrants":
            return self.input_of(operation), [self._grant(here)["GrantId"] for _ in range(count)]
        if operation == "ListKeyRotations":
            return given, [self._rotated(here) for _ in range(count)]
        if operation == "ListResourceTags":
            return given, [self._tag_of(here) for _ in range(count)]
        return given, ["default"]

    def _alias_of(self, here: dict[str, Any]) -> str:
        name = "alias/" + fresh("shop")
        self.does("CreateAlias", {"AliasName": name, "TargetKeyId": here["KeyId"]})
        return name

    def _tag_of(self, here: dict[str, Any]) -> str:
        name = fresh("tag")
        self.does("TagResource", {"KeyId": here["KeyId"], "Tags": [{"TagKey": name, "TagValue": ""}]})
        return name

    def _rotated(self, here: dict[str, Any]) -> str:
        self.does("RotateKeyOnDemand", {"KeyId": here["KeyId"]})
        return str(self.does("DescribeKey", {"KeyId": here["KeyId"]})["KeyMetadata"]["CurrentKeyMaterialId"])

    def named(self, operation: str, entry: Any) -> str:
        member = {
            "ListKeys": "KeyArn",
            "ListAliases": "AliasName",
            "ListGrants": "GrantId",
            "ListRetirableGrants": "GrantId",
            "ListKeyRotations": "KeyMaterialId",
            "ListResourceTags": "TagKey",
        }.get(operation)
        return str(entry[member]) if member else str(entry)

    def insert(self, operation: str, given: dict[str, Any]) -> None:
        if operation == "ListKeys":
            self._key()
        elif operation == "ListAliases":
            self._alias_of(given)
        elif operation == "ListGrants":
            self._grant(given)
        elif operation == "ListRetirableGrants":
            self._grant(self._key())
        elif operation == "ListKeyRotations":
            self._rotated(given)
        elif operation == "ListResourceTags":
            self._tag_of(given)

    def rich_input_of(self, operation: str) -> tuple[dict[str, Any], dict[str, Any]]:
        root = {"AWS": f"arn:aws:iam::{self.caller.account}:root"}
        statement = {"Sid": "all", "Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*"}
        given = {
            "Description": "of the shop, é",
            "KeySpec": "SYMMETRIC_DEFAULT",
            "KeyUsage": "ENCRYPT_DECRYPT",
            "Origin": "AWS_KMS",
            "MultiRegion": True,
            "Policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
            "Tags": [{"TagKey": "team", "TagValue": "é"}, {"TagKey": "stage", "TagValue": ""}],
        }
        return given, {}
