"""What an application does with the AWS Encryption SDK and one key; what it saw goes to stdout as JSON.

Called with the ARNs of two keys, and of a multi-Region key with its replica's.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import aws_encryption_sdk
import boto3
from aws_cryptographic_material_providers.mpl import AwsCryptographicMaterialProviders
from aws_cryptographic_material_providers.mpl.config import MaterialProvidersConfig
from aws_cryptographic_material_providers.mpl.models import CreateAwsKmsKeyringInput, CreateAwsKmsMrkKeyringInput
from aws_encryption_sdk import CommitmentPolicy

CONTEXT = {"shop": "1", "purpose": "orders"}
PLAIN = bytes(range(256)) * 1000


def main(key: str, other: str, shared: str, replica: str) -> dict[str, Any]:
    """Sealed and opened with the right key, refused with the wrong one, opened elsewhere by a replica."""
    client = aws_encryption_sdk.EncryptionSDKClient(commitment_policy=CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT)
    providers = AwsCryptographicMaterialProviders(config=MaterialProvidersConfig())

    def ring(arn: str) -> Any:
        region = boto3.client("kms", region_name=arn.split(":")[3])
        return providers.create_aws_kms_keyring(CreateAwsKmsKeyringInput(kms_key_id=arn, kms_client=region))

    def shared_ring(arn: str) -> Any:
        region = boto3.client("kms", region_name=arn.split(":")[3])
        return providers.create_aws_kms_mrk_keyring(CreateAwsKmsMrkKeyringInput(kms_key_id=arn, kms_client=region))

    sealed, _ = client.encrypt(source=PLAIN, keyring=ring(key), encryption_context=CONTEXT)
    opened, header = client.decrypt(source=sealed, keyring=ring(key), encryption_context=CONTEXT)
    elsewhere, _ = client.encrypt(source=PLAIN, keyring=shared_ring(shared), encryption_context=CONTEXT)
    there, _ = client.decrypt(source=elsewhere, keyring=shared_ring(replica), encryption_context=CONTEXT)
    return {
        "same": opened == PLAIN,
        "hidden": PLAIN[:64] not in sealed,
        "context": CONTEXT.items() <= header.encryption_context.items(),
        "wrong_key": _refused(lambda: client.decrypt(source=sealed, keyring=ring(other))),
        "changed": _refused(lambda: client.decrypt(source=sealed[:-1] + b"\x00", keyring=ring(key))),
        "there": there == PLAIN,
    }


def _refused(call: Any) -> bool:
    try:
        call()
    except Exception:  # noqa: BLE001 - the SDK has many
        return True
    return False


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(*sys.argv[1:])))
