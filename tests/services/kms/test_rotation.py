"""Rotation: new material for an old key, and old ciphertext that still opens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .helpers import pair_of, refused


def _rotations(kms: Any, key: str) -> list[str]:
    return [one["RotationType"] for one in kms.list_key_rotations(KeyId=key)["Rotations"]]


def test_what_was_sealed_before_a_rotation_still_opens(kms: Any, key: str) -> None:
    first = kms.encrypt(KeyId=key, Plaintext=b"first")
    old = kms.decrypt(CiphertextBlob=first["CiphertextBlob"])["KeyMaterialId"]
    kms.rotate_key_on_demand(KeyId=key)
    second = kms.generate_data_key(KeyId=key, KeySpec="AES_256")
    assert second["KeyMaterialId"] != old
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["CurrentKeyMaterialId"] == second["KeyMaterialId"]
    opened = kms.decrypt(CiphertextBlob=first["CiphertextBlob"])
    assert (opened["Plaintext"], opened["KeyMaterialId"]) == (b"first", old)
    listed = kms.list_key_rotations(KeyId=key, IncludeKeyMaterial="ALL_KEY_MATERIAL")["Rotations"]
    assert [(one["KeyMaterialId"], one["KeyMaterialState"]) for one in listed] == [
        (old, "NON_CURRENT"),
        (second["KeyMaterialId"], "CURRENT"),
    ]
    assert ("RotationDate" in listed[0], "RotationDate" in listed[1]) == (False, True)
    assert _rotations(kms, key) == ["ON_DEMAND"]


def test_25_rotations_on_demand_are_the_most(kms: Any, key: str) -> None:
    blobs = []
    for number in range(25):
        blobs.append(kms.encrypt(KeyId=key, Plaintext=f"{number}".encode())["CiphertextBlob"])
        kms.rotate_key_on_demand(KeyId=key)
    refused("LimitExceededException", kms.rotate_key_on_demand, KeyId=key)
    assert [kms.decrypt(CiphertextBlob=blob)["Plaintext"] for blob in blobs] == [f"{n}".encode() for n in range(25)]
    pages = list(kms.get_paginator("list_key_rotations").paginate(KeyId=key, PaginationConfig={"PageSize": 10}))
    assert [len(page["Rotations"]) for page in pages] == [10, 10, 5]


def test_only_symmetric_keys_with_own_material_rotate(kms: Any) -> None:
    pair = pair_of(kms, "ECC_NIST_P256")["Arn"]
    for name in ("enable_key_rotation", "disable_key_rotation", "rotate_key_on_demand"):
        refused("UnsupportedOperationException", getattr(kms, name), KeyId=pair)
    assert kms.get_key_rotation_status(KeyId=pair)["KeyRotationEnabled"] is False
    imported = kms.create_key(Origin="EXTERNAL")["KeyMetadata"]["Arn"]
    said = refused("UnsupportedOperationException", kms.enable_key_rotation, KeyId=imported)
    assert said == f"{imported} origin is EXTERNAL which is not valid for this operation."


def test_a_key_rotates_by_the_clouds_clock(timed: Callable[..., Any], days: Callable[[float], Any]) -> None:
    kms = timed()
    key = kms.create_key()["KeyMetadata"]["Arn"]
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is False
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
    status = kms.get_key_rotation_status(KeyId=key)
    assert (status["KeyRotationEnabled"], status["RotationPeriodInDays"]) == (True, 90)
    old = kms.encrypt(KeyId=key, Plaintext=b"old")["CiphertextBlob"]
    days(89)
    assert _rotations(kms, key) == []
    days(2)
    assert _rotations(kms, key) == ["AUTOMATIC"]
    following = kms.get_key_rotation_status(KeyId=key)["NextRotationDate"]
    assert (following - status["NextRotationDate"]).days == 90
    days(180)
    assert len(_rotations(kms, key)) == 3
    assert kms.decrypt(CiphertextBlob=old)["Plaintext"] == b"old"
    kms.disable_key_rotation(KeyId=key)
    days(100)
    assert len(_rotations(kms, key)) == 3


def test_a_disabled_key_rotates_once_it_is_enabled(timed: Callable[..., Any], days: Callable[[float], Any]) -> None:
    kms = timed()
    key = kms.create_key()["KeyMetadata"]["Arn"]
    kms.enable_key_rotation(KeyId=key)
    kms.disable_key(KeyId=key)
    days(800)
    assert _rotations(kms, key) == []
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is True
    kms.enable_key(KeyId=key)
    days(0.01)
    assert _rotations(kms, key) == ["AUTOMATIC"]


def test_a_rotation_on_demand_does_not_move_the_schedule(
    timed: Callable[..., Any], days: Callable[[float], Any]
) -> None:
    kms = timed()
    key = kms.create_key()["KeyMetadata"]["Arn"]
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=100)
    before = kms.get_key_rotation_status(KeyId=key)["NextRotationDate"]
    days(60)
    kms.rotate_key_on_demand(KeyId=key)
    assert kms.get_key_rotation_status(KeyId=key)["NextRotationDate"] == before
    days(39.995)
    refused("ConflictException", kms.rotate_key_on_demand, KeyId=key)
    days(0.01)
    assert _rotations(kms, key) == ["ON_DEMAND", "AUTOMATIC"]


def test_a_period_has_at_most_2560_days(kms: Any, key: str) -> None:
    refused("ValidationException", kms.enable_key_rotation, KeyId=key, RotationPeriodInDays=2561)
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=2560)
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=365)
    assert kms.get_key_rotation_status(KeyId=key)["RotationPeriodInDays"] == 365
