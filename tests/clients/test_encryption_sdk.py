"""The AWS Encryption SDK for Python: envelopes under our keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from clients.programs import installed, run
from cloud import CloudProcess

pytestmark = pytest.mark.slow

PROGRAM = Path(__file__).parent / "encryption" / "envelope.py"


def test_the_encryption_sdk_seals_and_opens(
    own_cloud: CloudProcess, environment: dict[str, str], tmp_path: Path
) -> None:
    python = installed("encryption", "python", "the AWS Encryption SDK")
    kms = own_cloud.client("kms")
    keys = [kms.create_key(MultiRegion=shared)["KeyMetadata"]["Arn"] for shared in (False, False, True)]
    replica = kms.replicate_key(KeyId=keys[2], ReplicaRegion="eu-west-1")["ReplicaKeyMetadata"]["Arn"]
    finished = run([python, str(PROGRAM), *keys, replica], environment, tmp_path)
    assert finished.code == 0, finished.err
    assert finished.json == dict.fromkeys(("same", "hidden", "context", "wrong_key", "changed", "there"), True)
