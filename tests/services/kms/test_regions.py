"""Multi-Region keys: one id, one material, several Regions."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

from .helpers import eventually, pair_of, refused
from .test_imports import FOREVER, wrapped

HERE, THERE, THIRD = "us-east-1", "eu-west-1", "ap-south-1"
Kms = Callable[[str], Any]


@pytest.fixture
def at(client: Callable[..., Any]) -> Kms:
    """KMS in a Region."""
    return lambda region: client("kms", region=region)


@pytest.fixture
def shared(at: Kms) -> str:
    """The id of a primary key here with a replica there."""
    key_id: str = at(HERE).create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
    at(HERE).replicate_key(KeyId=key_id, ReplicaRegion=THERE)
    return key_id


def _related(kms: Any, key_id: str) -> tuple[str, str, set[str]]:
    shown = kms.describe_key(KeyId=key_id)["KeyMetadata"]["MultiRegionConfiguration"]
    return shown["MultiRegionKeyType"], shown["PrimaryKey"]["Region"], {one["Region"] for one in shown["ReplicaKeys"]}


def test_what_is_sealed_in_one_region_opens_in_the_other(at: Kms, shared: str) -> None:
    assert shared.startswith("mrk-")
    blob = at(HERE).encrypt(KeyId=shared, Plaintext=b"x", EncryptionContext={"a": "1"})["CiphertextBlob"]
    opened = at(THERE).decrypt(CiphertextBlob=blob, EncryptionContext={"a": "1"})
    assert (opened["Plaintext"], f":{THERE}:" in opened["KeyId"]) == (b"x", True)
    back = at(THERE).encrypt(KeyId=shared, Plaintext=b"y")["CiphertextBlob"]
    assert at(HERE).decrypt(CiphertextBlob=back)["Plaintext"] == b"y"
    refused("AccessDeniedException", at(THIRD).decrypt, CiphertextBlob=blob)


def test_signatures_and_macs_are_good_in_all_regions(at: Kms) -> None:
    key_id = pair_of(at(HERE), "ECC_NIST_P256", MultiRegion=True)["KeyId"]
    at(HERE).replicate_key(KeyId=key_id, ReplicaRegion=THERE)
    given = {"KeyId": key_id, "Message": b"m", "SigningAlgorithm": "ECDSA_SHA_256"}
    signature = at(THERE).sign(**given)["Signature"]
    assert at(HERE).verify(**given, Signature=signature)["SignatureValid"]
    assert at(HERE).get_public_key(KeyId=key_id)["PublicKey"] == at(THERE).get_public_key(KeyId=key_id)["PublicKey"]


def test_each_knows_the_others(at: Kms, shared: str) -> None:
    at(HERE).replicate_key(KeyId=shared, ReplicaRegion=THIRD)
    assert _related(at(HERE), shared) == ("PRIMARY", HERE, {THERE, THIRD})
    for region in (THERE, THIRD):
        assert _related(at(region), shared) == ("REPLICA", HERE, {THERE, THIRD})


def test_a_replica_has_a_life_of_its_own(at: Kms) -> None:
    key_id = at(HERE).create_key(MultiRegion=True, Description="here")["KeyMetadata"]["KeyId"]
    made = at(HERE).replicate_key(
        KeyId=key_id, ReplicaRegion=THERE, Description="there", Tags=[{"TagKey": "a", "TagValue": "1"}]
    )
    assert made["ReplicaTags"] == [{"TagKey": "a", "TagValue": "1"}]
    assert made["ReplicaKeyMetadata"]["KeyState"] == "Enabled"
    assert at(THERE).describe_key(KeyId=key_id)["KeyMetadata"]["Description"] == "there"
    at(THERE).disable_key(KeyId=key_id)
    assert at(HERE).describe_key(KeyId=key_id)["KeyMetadata"]["KeyState"] == "Enabled"
    assert at(HERE).list_resource_tags(KeyId=key_id)["Tags"] == []


def test_only_a_primary_key_is_replicated_and_once_to_a_region(at: Kms, shared: str) -> None:
    refused("AlreadyExistsException", at(HERE).replicate_key, KeyId=shared, ReplicaRegion=THERE)
    refused("UnsupportedOperationException", at(THERE).replicate_key, KeyId=shared, ReplicaRegion=THIRD)
    refused("ValidationException", at(HERE).replicate_key, KeyId=shared, ReplicaRegion=HERE)
    refused("ValidationException", at(HERE).replicate_key, KeyId=shared, ReplicaRegion="cn-north-1")
    single = at(HERE).create_key()["KeyMetadata"]["KeyId"]
    refused("UnsupportedOperationException", at(HERE).replicate_key, KeyId=single, ReplicaRegion=THERE)
    locking = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"kms:Get*","Resource":"*"}]}'
    )
    given = {"KeyId": shared, "ReplicaRegion": THIRD, "Policy": locking}
    refused("MalformedPolicyDocumentException", at(HERE).replicate_key, **given)
    assert _related(at(HERE), shared)[2] == {THERE}


def test_a_rotation_reaches_all_regions(at: Kms, shared: str) -> None:
    old = at(THERE).encrypt(KeyId=shared, Plaintext=b"old")["CiphertextBlob"]
    refused("UnsupportedOperationException", at(THERE).rotate_key_on_demand, KeyId=shared)
    at(HERE).rotate_key_on_demand(KeyId=shared)

    def current(region: str) -> str:
        return str(at(region).describe_key(KeyId=shared)["KeyMetadata"]["CurrentKeyMaterialId"])

    first = at(HERE).decrypt(CiphertextBlob=old)["KeyMaterialId"]
    eventually(lambda: first != current(HERE) == current(THERE))
    new = at(HERE).encrypt(KeyId=shared, Plaintext=b"new")["CiphertextBlob"]
    assert at(THERE).decrypt(CiphertextBlob=new)["Plaintext"] == b"new"
    assert at(THERE).decrypt(CiphertextBlob=old)["Plaintext"] == b"old"
    assert [len(at(region).list_key_rotations(KeyId=shared)["Rotations"]) for region in (HERE, THERE)] == [1, 1]


def test_the_schedule_is_the_primary_keys(at: Kms, shared: str) -> None:
    refused("UnsupportedOperationException", at(THERE).enable_key_rotation, KeyId=shared)
    at(HERE).enable_key_rotation(KeyId=shared, RotationPeriodInDays=200)
    eventually(lambda: at(THERE).get_key_rotation_status(KeyId=shared).get("RotationPeriodInDays") == 200)
    at(HERE).disable_key_rotation(KeyId=shared)
    eventually(lambda: not at(THERE).get_key_rotation_status(KeyId=shared)["KeyRotationEnabled"])


def test_another_key_leads(at: Kms, shared: str) -> None:
    at(HERE).replicate_key(KeyId=shared, ReplicaRegion=THIRD)
    refused("UnsupportedOperationException", at(HERE).update_primary_region, KeyId=shared, PrimaryRegion="eu-west-2")
    refused("UnsupportedOperationException", at(THERE).update_primary_region, KeyId=shared, PrimaryRegion=HERE)
    at(HERE).update_primary_region(KeyId=shared, PrimaryRegion=THERE)
    assert _related(at(THERE), shared) == ("PRIMARY", THERE, {HERE, THIRD})
    assert _related(at(HERE), shared) == ("REPLICA", THERE, {HERE, THIRD})
    assert _related(at(THIRD), shared) == ("REPLICA", THERE, {HERE, THIRD})
    at(THERE).rotate_key_on_demand(KeyId=shared)
    eventually(lambda: len(at(HERE).list_key_rotations(KeyId=shared)["Rotations"]) == 1)


def test_the_new_primary_key_sees_to_the_rotation(timed: Kms, days: Callable[[float], Any]) -> None:
    here, there = timed(HERE), timed(THERE)
    key_id = here.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
    here.enable_key_rotation(KeyId=key_id, RotationPeriodInDays=90)
    here.replicate_key(KeyId=key_id, ReplicaRegion=THERE)
    here.update_primary_region(KeyId=key_id, PrimaryRegion=THERE)
    days(95)
    eventually(lambda: len(here.list_key_rotations(KeyId=key_id)["Rotations"]) == 1)
    assert len(there.list_key_rotations(KeyId=key_id)["Rotations"]) == 1


def test_a_primary_key_outlives_its_replicas(timed: Kms, days: Callable[[float], Any]) -> None:
    here, there = timed(HERE), timed(THERE)
    key_id = here.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
    here.replicate_key(KeyId=key_id, ReplicaRegion=THERE)
    answer = here.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=10)
    assert (answer["KeyState"], "DeletionDate" in answer) == ("PendingReplicaDeletion", False)
    assert here.describe_key(KeyId=key_id)["KeyMetadata"]["PendingDeletionWindowInDays"] == 10
    days(50)
    assert here.describe_key(KeyId=key_id)["KeyMetadata"]["KeyState"] == "PendingReplicaDeletion"
    there.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=7)
    days(7.5)
    refused("NotFoundException", there.describe_key, KeyId=key_id)
    eventually(lambda: here.describe_key(KeyId=key_id)["KeyMetadata"]["KeyState"] == "PendingDeletion")
    days(11)
    refused("NotFoundException", here.describe_key, KeyId=key_id)


def test_imported_material_is_imported_in_each_region(at: Kms) -> None:
    here, there = at(HERE), at(THERE)
    first, second = os.urandom(32), os.urandom(32)
    key_id = here.create_key(MultiRegion=True, Origin="EXTERNAL")["KeyMetadata"]["KeyId"]
    new = {**FOREVER, "ImportType": "NEW_KEY_MATERIAL"}
    here.import_key_material(**wrapped(here, key_id, first, "RSAES_OAEP_SHA_256"), **new)
    made = here.replicate_key(KeyId=key_id, ReplicaRegion=THERE)["ReplicaKeyMetadata"]
    assert made["KeyState"] == "PendingImport"
    other = wrapped(there, key_id, second, "RSAES_OAEP_SHA_256")
    refused("UnsupportedOperationException", there.import_key_material, **other, **new)
    refused("IncorrectKeyMaterialException", there.import_key_material, **other, **FOREVER)
    there.import_key_material(**wrapped(there, key_id, first, "RSAES_OAEP_SHA_256"), **FOREVER)
    blob = here.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]
    assert there.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"

    here.import_key_material(**wrapped(here, key_id, second, "RSAES_OAEP_SHA_256"), **new)

    def states(kms: Any) -> list[str]:
        listed = kms.list_key_rotations(KeyId=key_id, IncludeKeyMaterial="ALL_KEY_MATERIAL")["Rotations"]
        return [one["KeyMaterialState"] for one in listed]

    waiting = ["CURRENT", "PENDING_MULTI_REGION_IMPORT_AND_ROTATION"]
    eventually(lambda: states(here) == states(there) == waiting)
    refused("KMSInvalidStateException", here.rotate_key_on_demand, KeyId=key_id)
    there.import_key_material(**wrapped(there, key_id, second, "RSAES_OAEP_SHA_256"), **FOREVER)
    eventually(lambda: states(here) == states(there) == ["CURRENT", "PENDING_ROTATION"])
    here.rotate_key_on_demand(KeyId=key_id)
    eventually(lambda: states(here) == states(there) == ["NON_CURRENT", "CURRENT"])
    blob = there.encrypt(KeyId=key_id, Plaintext=b"y")["CiphertextBlob"]
    assert here.decrypt(CiphertextBlob=blob)["Plaintext"] == b"y"
